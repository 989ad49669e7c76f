"""Tables of which points are visible."""

from __future__ import annotations

from page_tables.rows import RESULTS, markdown, measurement

_NONE = "No preset's head has been measured yet."


def _measured() -> list[dict]:
    return [measurement(path.stem) for path in sorted(RESULTS.glob("confidence_*.json"))]


def confidence_table() -> str:
    """Scores on renders of another seed, before and after the calibration."""
    rows = [("preset", "renders", "visible", "Brier before", "after", "ECE before", "after", "AUC")]
    for found in _measured():
        for kind, what in (("plain", "as they are"), ("covered", "a thing in front")):
            before, after = (found["renders"][kind][when] for when in ("before", "after"))
            rows.append(
                (
                    f"`{found['preset']}`",
                    f"{found['renders']['faces']} {what}",
                    f"{100 * after['rate']:.0f} %",
                    *(f"{scores['brier']:.3f}" for scores in (before, after)),
                    *(f"{scores['ece']:.3f}" for scores in (before, after)),
                    f"{after['auc']:.3f}",
                )
            )
    return markdown(rows) if len(rows) > 1 else _NONE


def photos_table() -> str:
    """What is called covered on crops of photos, a confidence below a half."""
    rows = [("preset", "in front of the face", "AUC", "covered points found", "other points called covered")]
    for found in _measured():
        photos = found["photos"]
        rows.append((f"`{found['preset']}`", "nothing", "", "", f"{100 * photos['plain']['called_covered']:.1f} %"))
        for kind, what in (("photograph", "part of a photograph"), ("skin", "color of skin")):
            row = photos[kind]
            shares = (f"{100 * row[key]:.0f} %" for key in ("covered_called_covered", "others_called_covered"))
            rows.append((f"`{found['preset']}`", what, f"{row['auc']:.3f}", *shares))
    return markdown(rows) if len(rows) > 1 else _NONE
