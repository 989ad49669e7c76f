"""How many faces a detector finds, how well, and what it takes for faces."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import groupby

import numpy as np

from kerasalign.geometry import about, apply_affine, box_center, box_iou, box_size, rotation, tight_box, warp
from kerasalign.markups import get_markup
from kerasalign.support.images import load_image


def recall(detector, samples: Iterable, overlap: float = 0.5, degrees: float = 0.0) -> dict:
    """Compares a detector's faces with annotated ones.

    A face counts as found when the tight box of its landmarks and a detected box have that intersection over union;
    boxes are compared as they lie in the picture. How far found boxes are off is measured in the upright frame of
    each annotation, where the models' crops are made.

    Args:
        detector: A `Detector`.
        samples: `FaceSample`s with landmarks; those of one photo follow one another.
        overlap: Least intersection over union.
        degrees: Turns every photo first, clockwise, about its middle and into a larger one that holds all of it.

    Returns:
        Dict: `faces`; `recall`; `missed` names; `others`, detected boxes that are no annotated face; medians and 90th
        percentiles of `iou`, of the distance of middles and of the sides' ratio `size` (largest side found over that
        annotated), in units of the annotated longer side, and of the rotation's error in degrees; `milliseconds`.
    """
    missed, rows, seconds, others, count = [], [], [], 0, 0
    for _, group in groupby(samples, key=lambda sample: str(sample.image)):
        faces = list(group)
        image, turn = _turned(faces[0].read_image(), degrees)
        start = time.perf_counter()
        found = detector.detect(image)
        seconds.append(time.perf_counter() - start)
        boxes = [detector.box_map(face.box) for face in found]
        used = set()
        for sample in faces:
            count += 1
            landmarks = apply_affine(turn, sample.landmarks)
            overlaps = [box_iou(_around(box, face.angle), tight_box(landmarks)) for box, face in zip(boxes, found)]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best < 0 or overlaps[best] < overlap:
                missed.append(sample.name)
                continue
            used.add(best)
            truth = get_markup(sample.markup).upright_box(landmarks)
            rows.append((overlaps[best], *_errors(boxes[best], found[best].angle, *truth)))
        others += len(found) - len(used)
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


def false_boxes(detector, photos: Iterable) -> dict:
    """What a detector finds in pictures without faces.

    Args:
        detector: A `Detector`.
        photos: Anything that `load_image` reads.

    Returns:
        Dict: `images`; `boxes`, how many were found; `worst`, the photos with most, by their place in the order, each
        with the scores.
    """
    scores = [[round(face.score, 3) for face in detector.detect(load_image(photo))] for photo in photos]
    worst = sorted((index for index, found in enumerate(scores) if found), key=lambda index: -len(scores[index]))
    return {
        "images": len(scores),
        "boxes": sum(map(len, scores)),
        "worst": {str(index): scores[index] for index in worst[:20]},
    }


def _around(box: np.ndarray, angle: float) -> np.ndarray:
    """About the tight box in the picture of a face with this upright box: that of the ellipse in it."""
    if not angle:
        return box
    a, half = np.deg2rad(angle), box_size(box) / 2
    reach = np.hypot(half * np.cos(a), half[::-1] * np.sin(a))
    return np.concatenate([box_center(box) - reach, box_center(box) + reach])


def _turned(image: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """A photo turned into one that holds all of it, and the `(2, 3)` map there."""
    size = np.array(image.shape[1::-1], "float64")
    linear = rotation(degrees)
    room = np.ceil(np.abs(linear) @ size - 1e-9)
    turn = about((size - 1) / 2, linear, (room - 1) / 2)
    return (warp(image, turn, tuple(room.astype(int).tolist())) if degrees else image), turn


def _errors(box: np.ndarray, angle: float, truth: np.ndarray, truth_angle: float) -> tuple[float, float, float]:
    longer = box_size(truth).max()
    turn = (angle - truth_angle + 180) % 360 - 180
    return (np.linalg.norm(box_center(box) - box_center(truth)) / longer, box_size(box).max() / longer, abs(turn))


def _spread(values: np.ndarray) -> dict:
    """Median and the outer tenths."""
    if not len(values):
        return {}
    return dict(zip(("p10", "median", "p90"), np.percentile(values, [10, 50, 90]).round(4).tolist()))
