"""A second look at what a detector found: upright, alone and larger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kerasalign.detection.base import Detection
from kerasalign.detection.own.coding import find_faces, unlike
from kerasalign.geometry import (
    CropSpec,
    apply_affine,
    box_center,
    box_from_center,
    box_iou,
    box_size,
    invert,
    scale_of,
)

#: Side in pixels of what the network sees at the second look, and how many times as large as the face that is.
LOOK_SIZE, LOOK_SCALE = 128, 1.6
# A face of the second look is the same one if their boxes overlap by so much.
_SAME = 0.3


def as_detection(row: np.ndarray, score: float, back: np.ndarray) -> Detection:
    """A face `(16,)` of the network's maps, in pixels of the photo that `back` leads to."""
    box = box_from_center(apply_affine(back, row[None, :2])[0], scale_of(back) * row[2:4])
    points = apply_affine(back, row[6:16].reshape(5, 2))
    return Detection(box, score, points, float(np.degrees(np.arctan2(row[5], row[4]))))


def look_again(
    maps: Callable[[np.ndarray], np.ndarray], size: int, found: Sequence[tuple[np.ndarray, Detection]], together: int
) -> list[Detection]:
    """Each detection with the network's second opinion on it.

    Score and place are means of both looks, the score their geometric mean: 0 where the second sees no face there.

    Args:
        maps: The network, for pictures of this size.
        size: Side of its pictures.
        found: Photos and what was found in them.
        together: Pictures that go through the network at once.
    """
    spec = CropSpec(size=size, scale=LOOK_SCALE)
    seen = []
    for start in range(0, len(found), together):
        some = found[start : start + together]
        crops, matrices = zip(*(spec.extract(image, face.box, face.angle) for image, face in some))
        looked = np.asarray(maps(np.stack(crops)))
        seen += [_both(face, *at) for (_, face), *at in zip(some, looked, matrices)]
    return seen


def merged(faces: Sequence[Detection], min_score: float, max_overlap: float) -> list[Detection]:
    """Faces with at least this score, without those that overlap a better one by more than this."""
    corners = np.array([face.box for face in faces]).reshape(-1, 4)
    return [faces[i] for i in unlike(corners, np.array([face.score for face in faces]), min_score, max_overlap)]


def _both(face: Detection, maps: np.ndarray, matrix: np.ndarray) -> Detection:
    """A detection and what the second look saw of it."""
    there = box_from_center(apply_affine(matrix, box_center(face.box)[None])[0], scale_of(matrix) * box_size(face.box))
    rows, scores = find_faces(maps, min_score=0.01)
    same = [i for i, row in enumerate(rows) if box_iou(box_from_center(row[:2], row[2:4]), there) > _SAME]
    if not same:
        return Detection(face.box, 0.0, face.points, face.angle)
    seen = as_detection(rows[same[0]], scores[same[0]], invert(matrix))
    box = (face.box + seen.box) / 2
    points = (face.points + seen.points) / 2 if len(face.points) else seen.points
    # The crop is upright: what it is turned by comes on top.
    return Detection(box, np.sqrt(face.score * seen.score), points, face.angle + seen.angle / 2)
