"""The `.pts` text format of 300W: 1-based on disk, 0-based here."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from kerasalign.datasets.errors import DatasetError
from kerasalign.support.files import written_beside


def read_pts(path: str | os.PathLike, num_points: int | None = None) -> np.ndarray:
    """Reads the landmarks of a `.pts` file.

    The points are what stands between the braces, wherever the braces are and however many spaces separate
    the numbers. Files count pixels from 1 (the MATLAB of their makers); 1 is subtracted.

    Args:
        path: The file.
        num_points: Number of points that the file must hold; `None` takes what its header says.

    Returns:
        `(n, 2)` float64, x then y, 0-based pixel centers.

    Raises:
        DatasetError: If the file is malformed, with the file and the line.
        OSError: If it cannot be opened.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(path, "not a text file", 1) from error
    if not text.strip():
        raise DatasetError(path, "the file is empty", 1)

    declared, points = None, []
    inside = closed = False
    for line_number, line in enumerate(text.splitlines(), start=1):
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
                points.append(_parse_point(token, path, line_number))
            elif not inside and token.strip().lower().startswith("n_points"):
                declared = _parse_count(token, path, line_number)
    if not closed:
        ends_early = f"the file ends after {len(points)} points, before `}}`"
        raise DatasetError(path, ends_early if inside else "no `{` opens the points", line_number)
    for expected, source in ((declared, "its header says"), (num_points, "expected are")):
        if expected is not None and len(points) != expected:
            raise DatasetError(path, f"{len(points)} points, but {source} {expected}", line_number)
    return np.asarray(points, "float64").reshape(-1, 2) - 1.0


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


def _parse_point(token: str, path: Path, line: int) -> tuple[float, float]:
    try:
        x, y = (float(number) for number in token.split())
    except ValueError as error:
        raise DatasetError(path, f"a point is two numbers `x y`, not {token.strip()[:40]!r}", line) from error
    if not (np.isfinite(x) and np.isfinite(y)):
        raise DatasetError(path, f"a point must be finite, not {token.strip()!r}", line)
    return x, y


def _parse_count(token: str, path: Path, line: int) -> int:
    count = token.partition(":")[2].strip()
    if not count.isdecimal():
        raise DatasetError(path, f"`n_points` must be a whole number, not {count[:40]!r}", line)
    return int(count)
