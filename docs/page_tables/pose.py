"""Tables of head pose."""

from __future__ import annotations

from page_tables.rows import markdown, measurement


def pose_table() -> str:
    """The error by yaw, left and right turns apart."""
    rows = [("yaw", "faces", "with a pose", "yaw off by", "pitch off by", "roll off by")]
    for yaw, row in measurement("pose")["by_yaw"].items():
        rows.append((yaw, str(row["faces"]), str(row["with_a_pose"]), *_errors(row)))
    whole = measurement("pose")["yaw_up_to_60"]
    rows.append(("-60 to 60", str(whole["faces"]), str(whole["with_a_pose"]), *_errors(whole)))
    return markdown(rows)


def labels_table() -> str:
    """The error of the solver alone, by markup, up to 60 degrees of yaw."""
    rows = [("markup, yaw -60 to 60", "yaw off by", "pitch off by", "roll off by")]
    for name, row in measurement("pose")["labels_yaw_up_to_60"].items():
        rows.append((name, *_errors(row)))
    return markdown(rows)


def _errors(row: dict) -> tuple[str, ...]:
    return tuple(f"{row['mean_error'][name]:.1f}" for name in ("yaw", "pitch", "roll"))
