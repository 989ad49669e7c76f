"""Recall, precision of boxes, and false positives of a face detector."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np

from kerasalign.datasets import FaceSample
from kerasalign.detection.base import Detector
from kerasalign.geometry import about, apply_affine, box_center, box_iou, box_size, rotation, tight_box, warp
from kerasalign.markups import get_markup
from kerasalign.support.images import load_image


def recall(
    detector: Detector, samples: Iterable[FaceSample], overlap: float = 0.5, degrees: float = 0.0
) -> dict[str, Any]:
    """Compares the faces of a detector with annotated ones.

    A face is found if the intersection over union of a detected box and of the tight box of its landmarks is large
    enough; boxes are compared in the photo. Errors of the found boxes are measured in the upright frame of each
    annotation, in which the models' crops are cut.

    Args:
        detector: The detector.
        samples: Samples with landmarks; those of one photo must follow one another.
        overlap: Smallest intersection over union.
        degrees: Rotation that is applied to every photo first, clockwise about its center, into a photo that holds all
            of it.

    Returns:
        Dict: `faces`; `recall`; `missed`, names of samples; `others`, number of detections that are no annotated face;
        and medians and outer tenths of: `iou`; `middle`, the distance of the boxes' centers, and `size`, the ratio of
        their longer sides, both in units of the annotated longer side; `degrees`, the error of the rotation;
        `milliseconds`.
    """
    missed, rows, seconds, others, count = [], [], [], 0, 0
    for _, group in groupby(samples, key=lambda sample: str(sample.image)):
        faces = list(group)
        image, turn = turn_photo(faces[0].read_image(), degrees)
        start = time.perf_counter()
        detections = detector.detect(image)
        seconds.append(time.perf_counter() - start)
        boxes = [detector.box_map(face.box) for face in detections]
        used = set()
        for sample in faces:
            count += 1
            landmarks = apply_affine(turn, sample.landmarks)
            overlaps = [
                box_iou(box_around(box, face.angle), tight_box(landmarks)) for box, face in zip(boxes, detections)
            ]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best < 0 or overlaps[best] < overlap:
                missed.append(sample.name)
                continue
            used.add(best)
            truth = get_markup(sample.markup).upright_box(landmarks)
            rows.append((overlaps[best], *_errors(boxes[best], detections[best].angle, *truth)))
        others += len(detections) - len(used)
    columns = np.array(rows).reshape(-1, 4).T
    names = ("iou", "middle", "size", "degrees")
    return {
        "faces": count,
        "recall": round(1 - len(missed) / max(count, 1), 4),
        "missed": missed,
        "others": others,
        **{name: _spread(values) for name, values in zip(names, columns)},
        "milliseconds": _spread(1e3 * np.array(seconds)),
    }


def false_boxes(detector: Detector, photos: Iterable[Any]) -> dict[str, Any]:
    """Counts the false positives of a detector in photos without faces.

    Args:
        detector: The detector.
        photos: Photos, of any kind that `load_image` reads.

    Returns:
        Dict: `images`, number of photos; `boxes`, number of detections; `worst`, the scores in the photos with most
        detections, by the index of the photo.
    """
    scores = [[round(face.score, 3) for face in detector.detect(load_image(photo))] for photo in photos]
    worst = sorted((index for index, in_photo in enumerate(scores) if in_photo), key=lambda index: -len(scores[index]))
    return {
        "images": len(scores),
        "boxes": sum(map(len, scores)),
        "worst": {str(index): scores[index] for index in worst[:20]},
    }


def box_around(box: np.ndarray, angle: float) -> np.ndarray:
    """Approximate tight box, in the photo, of a face with this upright box: that of the ellipse inside it."""
    if not angle:
        return box
    a, half = np.deg2rad(angle), box_size(box) / 2
    reach = np.hypot(half * np.cos(a), half[::-1] * np.sin(a))
    return np.concatenate([box_center(box) - reach, box_center(box) + reach])


def turn_photo(image: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """A photo, rotated inside a larger one that holds all of it, and the `(2, 3)` map to it."""
    size = np.array(image.shape[1::-1], "float64")
    linear = rotation(degrees)
    room = np.ceil(np.abs(linear) @ size - 1e-9)
    turn = about((size - 1) / 2, linear, (room - 1) / 2)
    return (warp(image, turn, tuple(room.astype(int).tolist())) if degrees else image), turn


def _errors(box: np.ndarray, angle: float, truth: np.ndarray, truth_angle: float) -> tuple[float, float, float]:
    longer = box_size(truth).max()
    turn = (angle - truth_angle + 180) % 360 - 180
    return (np.linalg.norm(box_center(box) - box_center(truth)) / longer, box_size(box).max() / longer, abs(turn))


def _spread(values: np.ndarray) -> dict[str, float]:
    """Median, 10th and 90th percentile."""
    if not len(values):
        return {}
    return dict(zip(("p10", "median", "p90"), np.percentile(values, [10, 50, 90]).round(4).tolist()))
