"""The faces of highest and lowest score of a balancing method, as in figure 5 of MuSiCa."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from kerasalign.plots.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from kerasalign.data.cache import CropCache
    from kerasalign.data.report import BalanceReport


def balance_sheet(cache: CropCache, report: BalanceReport, columns: int = 8) -> Image.Image:
    """Draws the faces of highest score, then those of lowest, with score and copies under each.

    Args:
        cache: The crops that the report was made on: `balance_report(cache.landmarks)`.
        report: What balancing does to them.
        columns: Faces in a row.

    Returns:
        An RGB picture.
    """
    rows = []
    for indices in (report.top, report.bottom):
        titles = [f"{report.score[i]:.2f} seen x{report.weights[i]:.2f}" for i in indices]
        rows.append(
            contact_sheet(
                [cache.crops[i] for i in indices],
                [cache.landmarks[i] for i in indices],
                titles=titles,
                markup=cache.markup,
                columns=columns,
            )
        )
    sheet = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet
