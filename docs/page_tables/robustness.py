"""Tables of error estimates, and of what presets bear."""

from __future__ import annotations

from kerasalign.hub import read_manifest
from page_tables.rows import markdown, measurement


def errors_table() -> str:
    """What calibrated error estimates are worth: the checking half, clean and spoilt, and the test faces."""
    head = (
        "preset",
        "faces",
        "number",
        "NME",
        "estimated",
        "off by",
        "Spearman",
        "above 10 %",
        "marked",
        "others marked",
    )
    rows = [head]
    for name, preset in read_manifest().presets.items():
        if preset.weights is None or preset.weights.calibration is None:
            continue
        result = measurement(f"error_{name}")
        for title, part, kind in (
            ("training folders", "check", "clean"),
            ("training folders, spoilt", "check", "hard"),
            ("300W common", "test", "clean"),
        ):
            row = result[part][kind]
            caught = "" if row["failures_caught"] is None else f"{100 * row['failures_caught']:.0f} %"
            numbers = tuple(f"{row[key]:.2f}" for key in ("mean_nme", "mean_error", "mae", "spearman"))
            alarms = f"{100 * row['false_alarms']:.1f} %"
            rows.append((f"`{name}`", title, str(row["faces"]), *numbers, str(row["failures"]), caught, alarms))
    return markdown(rows)


def thresholds_table() -> str:
    """The failure threshold of every preset with a calibration."""
    rows = [("preset", "`failed` above", "fitted to", "file")]
    for name, preset in read_manifest().presets.items():
        calibration = preset.weights.calibration if preset.weights else None
        if calibration:
            faces = f"{calibration.faces:,} faces, {calibration.data}"
            rows.append((f"`{name}`", f"{calibration.failure_threshold:.2f} %", faces, f"`{calibration.file}`"))
    return markdown(rows)


def false_finds_table() -> str:
    """What `max_error` costs and gains on whole photos."""
    result = measurement("false_finds")
    rows = [("`max_error`", "faces lost", "other finds left out")]
    for name, row in result["limits"].items():
        lost, left_out = (
            f"{row[key]} of {result[total]}"
            for key, total in (("faces_lost", "faces"), ("false_finds_left_out", "possible_false_finds"))
        )
        rows.append((f"{row['max_error']:g} ({name})", lost, left_out))
    return markdown(rows)


def robustness_table() -> str:
    """NME and share of faces within 10 % under each condition."""
    result = measurement("robustness")
    columns = {f"`{name}`": numbers for name, numbers in result["presets"].items()}
    columns["MediaPipe"] = result["peers"]["mediapipe"]
    rows = [("condition", *columns)]
    for condition in next(iter(columns.values()))["conditions"]:
        found = [numbers["conditions"].get(condition) for numbers in columns.values()]
        rows.append((condition, *("" if row is None else _condition(row, result["faces"]) for row in found)))
    rows.append(("mirrored, from the unmirrored", *(f"{numbers['mirror']:.2f}" for numbers in columns.values())))
    for part in ("eyes", "mouth"):
        for value, digits in (("slope", 2), ("bias", 3)):
            numbers = (f"{numbers['opening'][part][value]:.{digits}f}" for numbers in columns.values())
            rows.append((f"{part}, {value} of the opening", *numbers))
    return markdown(rows)


def _condition(row: dict, faces: int) -> str:
    """NME, share within 10 %, and how many faces were found where not all were."""
    missed = f", {faces - row['found']} not found" if row["found"] < faces else ""
    return f"{row['nme']:.2f} ({100 * row['within_10']:.0f} %{missed})"
