"""The table of a minute on own points."""

from __future__ import annotations

from page_tables.rows import markdown, measurement

_NAMES = {
    "new_head": "fresh weights wherever the points decide, as before",
    "started_schematic": "`adapt(model, markup)`: by the markup's schematic face",
    "started": "`adapt(model, markup, landmarks)`: by the annotations",
}


def own_points_table() -> str:
    """NME before and after the fit, and the weights that are kept or start from the old points."""
    rows = [("start", "learning rate", "before the first step", "after a minute", "epochs", "numbers known")]
    runs = measurement("own_points")["runs"]
    for name, title in ((name, title) for name, title in _NAMES.items() if name in runs):
        for run in runs[name]["runs"]:
            known = f"{100 * runs[name]['numbers_known'] / runs[name]['numbers']:.0f} %"
            cells = (f"{run['nme_before']:.1f}", f"{run['nme_after']:.1f}", str(run["epochs"]), known)
            rows.append((title, f"{run['rate']:g}", *cells))
    return markdown(rows)
