"""The `.pts` text format of 300W: 1-based on disk, 0-based here."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from kerasalign.datasets.errors import DatasetError
from kerasalign.support.bounded import DOCUMENT, read_bytes
from kerasalign.support.files import written_beside

# Line and numbers of a point.
_Row = tuple[int, tuple[float, ...]]
_NUMBER = r"(?:[-+]?[\d.]+(?:[eE][-+]?\d+)?|nan)"
_POINT = re.compile(rf"{_NUMBER}(?:[\s,]+{_NUMBER}){{1,2}}", re.IGNORECASE)


def read_pts(path: str | os.PathLike, num_points: int | None = None) -> np.ndarray:
    """Reads the landmarks of a `.pts` file.

    The points are what stands between the braces, wherever the braces are and however many spaces or commas separate
    the numbers. A file without header and braces holds nothing but points, and perhaps their number in the first line.
    A third column is left out if it is the same number for all points. `nan nan` is a point that is not annotated.
    Files count pixels from 1 (the MATLAB of their makers); 1 is subtracted.

    Args:
        path: The file.
        num_points: Number of points that the file must hold; `None` takes what its header says.

    Returns:
        `(n, 2)` float64, x then y, 0-based pixel centers; NaN where a point is not annotated.

    Raises:
        DatasetError: If the file is malformed, with the file and the line.
        OSError: If it cannot be opened.
    """
    path = Path(path)
    try:
        text = read_bytes(path, DOCUMENT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(path, "not a text file", 1) from error
    except ValueError as error:
        raise DatasetError(path, str(error)) from error
    if not text.strip():
        raise DatasetError(path, "the file is empty", 1)

    lines = text.splitlines()
    declared, rows = _with_braces(path, lines) if "{" in text or "}" in text else _without_braces(path, lines)
    for expected, source in ((declared, "its header says"), (num_points, "expected are")):
        if expected is not None and len(rows) != expected:
            raise DatasetError(path, f"{len(rows)} points, but {source} {expected}", len(lines))
    thirds = {row[2] for _, row in rows if len(row) == 3}
    for line, row in rows:
        if len(row) != len(rows[0][1]):
            raise DatasetError(path, f"a point is two numbers `x y`, here are {len(row)}", line)
        if len(thirds) > 1:
            raise DatasetError(path, "a third column of different numbers, whose meaning is not known", line)
    return np.asarray([row[:2] for _, row in rows], "float64").reshape(-1, 2) - 1.0


def _with_braces(path: Path, lines: list[str]) -> tuple[int | None, list[_Row]]:
    """The number of points that the header gives, and the rows between the braces."""
    declared, rows, line_number = None, [], 1
    inside = closed = False
    for line_number, line in enumerate(lines, start=1):
        for token in re.findall(r"[{}]|[^{}]+", line):
            if token == "{":
                if inside or closed:
                    raise DatasetError(path, "a second `{`", line_number)
                inside = True
            elif token == "}":
                if not inside:
                    raise DatasetError(path, "a `}` without `{`", line_number)
                inside, closed = False, True
            elif inside and token.strip():
                rows.append((line_number, _parse_point(token, path, line_number)))
            elif not inside and token.strip().lower().startswith("n_points"):
                declared = _parse_count(token, path, line_number)
    if not closed:
        ends_early = f"the file ends after {len(rows)} points, before `}}`"
        raise DatasetError(path, ends_early if inside else "no `{` opens the points", line_number)
    return declared, rows


def _without_braces(path: Path, lines: list[str]) -> tuple[int | None, list[_Row]]:
    """The rows of a file of points alone, and their number if it stands in the first line."""
    content = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    declared = None
    if content[0][1].isdecimal():
        declared, content = int(content[0][1]), content[1:]
    for number, line in content:
        if not _POINT.fullmatch(line):
            raise DatasetError(path, f"no `{{` opens the points, and this is no point `x y`: {line[:40]!r}", number)
    return declared, [(number, _parse_point(line, path, number)) for number, line in content]


def write_pts(path: str | os.PathLike, landmarks: np.ndarray) -> None:
    """Writes landmarks as a `.pts` file: 1 is added, because the format counts pixels from 1.

    Args:
        path: The file; an existing one is replaced only by a complete one.
        landmarks: `(n, 2)` finite, x then y, 0-based pixel centers.

    Raises:
        ValueError: If `landmarks` has another shape or a value that the format cannot hold.
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 2 or landmarks.shape[1] != 2 or not np.isfinite(landmarks).all():
        raise ValueError(
            "`landmarks` must be a finite (n, 2) array; a .pts file cannot leave points out. "
            f"Received: shape {landmarks.shape}, {int(np.isnan(landmarks).sum())} NaN"
        )
    rows = "".join(f"{x:.6f} {y:.6f}\n" for x, y in landmarks + 1.0)
    with written_beside(path) as draft:
        draft.write_text(f"version: 1\nn_points:  {len(landmarks)}\n{{\n{rows}}}\n", encoding="utf-8")


def _parse_point(token: str, path: Path, line: int) -> tuple[float, ...]:
    try:
        x, y, *rest = row = tuple(float(number) for number in token.replace(",", " ").split())
        if len(rest) > 1:
            raise ValueError(f"{len(row)} numbers")
    except ValueError as error:
        raise DatasetError(path, f"a point is two numbers `x y`, not {token.strip()[:40]!r}", line) from error
    if np.isinf(row).any() or np.isnan(x) != np.isnan(y) or any(map(np.isnan, rest)):
        raise DatasetError(path, f"a point must be finite, or `nan nan`, not {token.strip()[:40]!r}", line)
    return row


def _parse_count(token: str, path: Path, line: int) -> int:
    count = token.partition(":")[2].strip()
    if not count.isdecimal():
        raise DatasetError(path, f"`n_points` must be a whole number, not {count[:40]!r}", line)
    return int(count)
