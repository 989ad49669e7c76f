"""Faces as rows of a table."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.inference.serialize import source_path
from kerasalign.markups import Markup
from kerasalign.support.web import is_address

if TYPE_CHECKING:
    from kerasalign.inference.faces import Faces
    from kerasalign.inference.video import VideoFrame

_FACE = ("image", "face", "score", "error", "failed", "yaw", "pitch", "roll", "box_x0", "box_y0", "box_x1", "box_y1")
#: Columns that frames of a video have in front.
FRAME = ("frame", "seconds", "track")


def columns(markup: Markup | None) -> list[str]:
    """Names of the columns: the photo, the face, its box, and `x0, y0, x1, y1, ...` as the reader `csv` has them."""
    points = range(0 if markup is None else markup.num_points)
    return [*_FACE, *(f"{axis}{point}" for point in points for axis in "xy")]


def rows_of(faces: Faces, folder: Path | None = None) -> list[dict[str, Any]]:
    """One row per face; what is not known is NaN.

    Args:
        faces: The faces of one photo.
        folder: Folder from which the photo's path is written; by default the path is written as it was given.
    """
    photo = source_path(faces.source) or ""
    if photo and folder is not None:
        photo = relative(photo, folder)
    rows = []
    for number, face in enumerate(faces):
        values = (photo, number, face.score, face.error, face.failed, *face.pose, *face.box, *face.landmarks.ravel())
        rows.append(dict(zip(columns(faces.markup), values, strict=True)))
    return rows


def rows_of_frame(frame: VideoFrame) -> list[dict[str, Any]]:
    """As `rows_of`, with the columns `FRAME` in front."""
    start = {"frame": frame.index, "seconds": round(frame.seconds, 6)}
    return [start | {"track": track} | row for track, row in zip(frame.tracks, rows_of(frame.faces), strict=True)]


def cell(value: Any) -> Any:
    """A value as a CSV file has it: four decimals, and nothing for NaN."""
    if isinstance(value, float):  # also numpy's
        return f"{value:.4f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    return int(value) if isinstance(value, bool) else value


def relative(photo: str, folder: Path) -> str:
    """The path of a photo from a folder; where there is none, as on another drive or in the web, the whole path."""
    if is_address(photo):
        return photo
    try:
        return Path(os.path.relpath(photo, folder)).as_posix()
    except ValueError:
        return Path(photo).resolve().as_posix()
