"""Tables of exported files: size, distance from Keras, accuracy and time."""

from __future__ import annotations

import json

from page_tables.rows import RESULTS, markdown, measurement


def export_table() -> str:
    """The bundled default in every form of a file."""
    measured = measurement("export")
    rows = [
        (f"`{measured['preset']}`", "bytes", "at most, px", "mean, px", "accepted, px", "NME", "time, of Keras'"),
        ("Keras", "", "", "", "", f"{measured['keras_nme']:.2f}", "1"),
    ]
    for name, row in measured["forms"].items():
        rows.append(
            (
                name,
                f"{row['bytes']:,}",
                f"{row['max_px']:.2f}",
                f"{row['mean_px']:.2f}",
                f"{row['tolerance_px']:g}",
                f"{row['nme']:.2f}",
                f"{row['ms'] / row['keras_ms']:.2f}",
            )
        )
    return markdown(rows)


def exports_table() -> str:
    """Networks of the papers in every form of a file; NME for those with weights."""
    rows = [("preset", "form", "bytes", "at most, px", "NME", "time, of Keras'", "made in, s", "memory, MB")]
    for path in sorted(RESULTS.glob("export_*.json")):
        measured = json.loads(path.read_text("utf-8"))
        for name, row in measured["forms"].items():
            nme = f"{row['nme']:.2f}" if "nme" in row else ""
            cells = (
                ("", "not kept", "", "", "", "")
                if "problem" in row
                else (
                    f"{row['bytes']:,}",
                    f"{row['max_px']:.2f}",
                    nme,
                    f"{row['ms'] / row['keras_ms']:.2f}",
                    f"{row['seconds']:.0f}",
                    f"{row['peak_mb']:,}",
                )
            )
            rows.append((f"`{measured['preset']}`", name, *cells))
    return markdown(rows)
