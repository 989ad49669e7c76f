"""AFLW's own database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box
from kerasalign.support.checks import shown

# The database numbers 21 points from 1; 13 and 17 are the ears.
_NUMBERS = [number for number in range(1, 22) if number not in (13, 17)]
_INDEX = {number: index for index, number in enumerate(_NUMBERS)}
_FACES = "SELECT f.face_id, i.filepath FROM Faces f JOIN FaceImages i ON f.file_id = i.file_id ORDER BY f.face_id"


def read_sqlite(path: Path, find: Callable[[str, Path], Path], markup: str) -> Iterator[Finding]:
    """Every face of `aflw.sqlite`: the points that can be seen, the face box, and the pose where there is one.

    Args:
        path: The database.
        find: Photo of a name and of the file that names it.
        markup: Name of the 19 points' markup.
    """
    try:
        # A database without a file would be made anew.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            faces = database.execute(_FACES).fetchall()
            boxes = {key: box for key, *box in database.execute("SELECT face_id, x, y, w, h FROM FaceRect")}
            poses = {key: pose for key, *pose in database.execute("SELECT face_id, pitch, yaw, roll FROM FacePose")}
            points = {key: np.full((len(_NUMBERS), 2), np.nan) for key, _ in faces}
            for key, number, x, y in database.execute("SELECT face_id, feature_id, x, y FROM FeatureCoords"):
                if key in points and number in _INDEX:
                    points[key][_INDEX[number]] = _number(x), _number(y)
    except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
        yield DatasetError(path, f"not AFLW's database ({error})")
        return
    for key, name in faces:
        try:
            if not isinstance(name, str):
                raise DatasetError(path, f"face {key} names no photo, but {shown(name)}")
            photo = find(name, path)
            if np.isfinite(points[key]).all(-1).sum() < 2:
                raise DatasetError(path, f"face {key} has fewer than two points")
        except DatasetError as error:
            yield error
            continue
        own = {}
        try:
            x, y, width, height = boxes[key]
            # The rectangle counts whole pixels, from the outer edge of the first.
            own["ground_truth"] = as_box((x - 0.5, y - 0.5, x + width - 0.5, y + height - 0.5), "rectangle")
        except (KeyError, TypeError, ValueError) as error:
            yield DatasetNote(path, f"face {key} has no box ({error})")
        attributes = {"subset": "all"}
        if key in poses:
            angles = np.rad2deg([_number(angle) for angle in poses[key]])
            attributes |= dict(zip(("pitch", "yaw", "roll"), angles.tolist(), strict=True))
        visibility = np.asarray(np.isfinite(points[key]).all(-1))
        yield FaceSample(photo, points[key], markup, f"face/{key}", own, visibility, attributes)


def _number(value: object) -> float:
    """A number of the database; NaN for what is none, such as NULL or bytes."""
    return float(value) if isinstance(value, (int, float)) else np.nan
