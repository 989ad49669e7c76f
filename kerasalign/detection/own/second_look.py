"""The second look: the detector's network looks again at each face that it found, upright, alone and larger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kerasalign.detection.base import Detection
from kerasalign.detection.own.coding import find_faces, non_max_suppression
from kerasalign.geometry import (
    SAME_FACE_IOU,
    CropSpec,
    apply_affine,
    box_center,
    box_from_center,
    box_iou,
    box_size,
    invert,
    scale_of,
)

#: Side in pixels of the crop of the second look.
LOOK_SIZE = 128
#: Side of that crop in units of the face's longer side.
LOOK_SCALE = 1.6


def as_detection(face: np.ndarray, score: float, to_photo: np.ndarray) -> Detection:
    """A decoded face `(16,)` as a detection in the photo.

    Args:
        face: The numbers of the face, in pixels of the network's input.
        score: Its score.
        to_photo: `(2, 3)` map from the network's input to the photo.
    """
    box = box_from_center(apply_affine(to_photo, face[None, :2])[0], scale_of(to_photo) * face[2:4])
    points = apply_affine(to_photo, face[6:16].reshape(5, 2))
    return Detection(box, score, points, float(np.degrees(np.arctan2(face[5], face[4]))))


def take_second_look(
    maps: Callable[[np.ndarray], np.ndarray],
    size: int,
    faces: Sequence[tuple[np.ndarray, Detection]],
    batch_size: int,
) -> list[Detection]:
    """Runs the network on an upright crop of each face, and averages both looks.

    Args:
        maps: The network: `(B, size, size, 3)` uint8 to maps.
        size: Side of the crops in pixels.
        faces: Pairs of a photo and a face that was detected in it.
        batch_size: Crops per pass.

    Returns:
        One detection per face, in order: box, points and angle are means of both looks, the score is the geometric
        mean; it is 0 where the second look finds no face.
    """
    spec = CropSpec(size=size, scale=LOOK_SCALE)
    results = []
    for start in range(0, len(faces), batch_size):
        batch = faces[start : start + batch_size]
        crops, matrices = zip(*(spec.extract(image, face.box, face.angle) for image, face in batch))
        batch_maps = np.asarray(maps(np.stack(crops)))
        results += [_combine(face, *look) for (_, face), *look in zip(batch, batch_maps, matrices)]
    return results


def suppress_duplicates(faces: Sequence[Detection], min_score: float, max_overlap: float) -> list[Detection]:
    """Non-maximum suppression of detections.

    Args:
        faces: The detections.
        min_score: Lowest score of those that are kept.
        max_overlap: Largest intersection over union of two that are kept.
    """
    boxes = np.array([face.box for face in faces]).reshape(-1, 4)
    scores = np.array([face.score for face in faces])
    return [faces[i] for i in non_max_suppression(boxes, scores, min_score, max_overlap)]


def _combine(face: Detection, maps: np.ndarray, matrix: np.ndarray) -> Detection:
    """Mean of a detection and of what the network sees in its crop; `matrix` maps the photo to the crop."""
    expected = box_from_center(
        apply_affine(matrix, box_center(face.box)[None])[0], scale_of(matrix) * box_size(face.box)
    )
    rows, scores = find_faces(maps, min_score=0.01)
    same = [i for i, row in enumerate(rows) if box_iou(box_from_center(row[:2], row[2:4]), expected) > SAME_FACE_IOU]
    if not same:
        return Detection(face.box, 0.0, face.points, face.angle)
    second = as_detection(rows[same[0]], scores[same[0]], invert(matrix))
    box = (face.box + second.box) / 2
    points = (face.points + second.points) / 2 if len(face.points) else second.points
    # The crop was turned upright by the first angle: the second one is what remains.
    return Detection(box, np.sqrt(face.score * second.score), points, face.angle + second.angle / 2)
