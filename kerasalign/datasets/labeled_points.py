"""Points that annotation tools export: labels to points of a markup, photos by the names that the tools keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.own_points import unique_name
from kerasalign.datasets.plausibility import ANNOTATED_SIZE
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box
from kerasalign.markups import Markup

_NUMBER = re.compile(r"(\d+)\D*$")
# Label Studio puts eight hex digits before the names of uploaded photos.
_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")


@dataclass
class LabeledFace:
    """A face as a tool exports it.

    Args:
        points: `(label, x, y, occluded)` of each point, 0-based pixel centers.
        box: `(x0, y0, x1, y1)` where there is one.
    """

    points: list[tuple[str, float, float, bool]] = field(default_factory=list)
    box: Sequence[float] | None = None

    @classmethod
    def in_order(cls, points: Iterable[tuple[float, float]], occluded: bool = False) -> LabeledFace:
        """A face of one shape, whose points are in the markup's order."""
        return cls([(str(i), x, y, occluded) for i, (x, y) in enumerate(points)])


def faces_of_photo(
    source: Path,
    photo: Path | None,
    listed: str,
    faces: Iterable[LabeledFace],
    markup: Markup,
    subset: str,
    taken: set[str],
    size: tuple[int, int] | None = None,
) -> Iterable[Finding]:
    """The samples of a photo.

    Args:
        source: The file of annotations, for errors.
        photo: Its path; `None` where it is not there.
        listed: Its name in that file.
        faces: The faces.
        markup: What their points mean.
        subset: Name of the split's file.
        taken: Names of the samples so far.
        size: Width and height of the photo that was annotated, where the file has them.
    """
    for face in faces:
        if photo is None:
            yield DatasetError(source, f"its photo {listed!r} is not there")
            return
        try:
            landmarks, visibility = _landmarks(face, markup)
            boxes = {} if face.box is None else {"detector": as_box(face.box)}
        except ValueError as error:
            yield DatasetError(source, f"photo {listed!r}: {error}")
            continue
        attributes: dict[str, Any] = {"subset": subset} | ({ANNOTATED_SIZE: size} if size else {})
        name = unique_name(PurePosixPath(listed.replace("\\", "/")).with_suffix("").as_posix(), taken)
        yield FaceSample(photo, landmarks, markup.name, name, boxes, visibility, attributes)


def find_listed_photo(folder: Path, listed: str) -> Path | None:
    """The photo that a tool's file names, by its path from a folder or its name alone; `None` if it is not there.

    Tools write paths of the computer or server that the photos were annotated on.
    """
    name = PureWindowsPath(listed).name
    candidates = [folder / listed.replace("\\", "/").lstrip("/"), folder / name]
    if uploaded := _UPLOADED.fullmatch(name):
        candidates.append(folder / uploaded[1])
    return next((path for path in candidates if path.is_file()), None)


def _landmarks(face: LabeledFace, markup: Markup) -> tuple[np.ndarray, np.ndarray]:
    """`(N, 2)` points, NaN where there is none, and which of them are visible."""
    count = markup.num_points
    numbers = _numbers([label for label, *_ in face.points], count)
    landmarks, visibility = np.full((count, 2), np.nan), np.ones(count, bool)
    for number, (label, x, y, occluded) in zip(numbers, face.points):
        if not 0 <= number < count:
            raise ValueError(f"point {label!r} is none of the {count} of markup '{markup.name}'")
        if np.isfinite(landmarks[number]).all():
            raise ValueError(f"point {label!r} is there twice")
        if not np.isfinite([x, y]).all():
            raise ValueError(f"point {label!r} is not finite")
        landmarks[number], visibility[number] = (x, y), not occluded
    if len(face.points) < 2:
        raise ValueError("fewer than two points are annotated")
    return landmarks, visibility


def _numbers(labels: Sequence[str], count: int) -> list[int]:
    """The points' numbers from 0, which their labels end with: `"7"`, `"point_7"`; a set from 1 to N counts from 1."""
    found = [_NUMBER.search(label) for label in labels]
    if not all(found):
        wrong = next(label for label, match in zip(labels, found) if not match)
        raise ValueError(f"a label must end in the point's number, as '7' or 'point_7', not {wrong[:40]!r}")
    numbers = [int(match[1]) for match in found if match]
    return [number - 1 for number in numbers] if max(numbers, default=0) == count else numbers


def number(values: Mapping[str, Any], key: str) -> float:
    """A number of an annotation.

    Raises:
        ValueError: If there is none.
    """
    try:
        return float(values[key])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"`{key}` must be a number ({error!r})") from error
