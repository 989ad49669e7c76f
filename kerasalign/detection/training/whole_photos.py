"""Recall and false boxes of a face detector on whole photos whose faces are listed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.training.measure import box_around, turn_photo
from kerasalign.geometry import (
    BoxMap,
    apply_affine,
    box_center,
    box_from_center,
    box_iou,
    box_size,
    invert,
)
from kerasalign.support.images import load_image

#: The two parts of a set of photos: one to look at and to choose settings on, and one for the final number.
HALVES = ("looking", "kept")
#: Lower ends of the ranges of a face's longer side in pixels, of that relative to the photo's, and of its listed score.
PIXELS, SHARES, SCORES = (10, 20, 30, 40, 80, 160, 320), (0, 0.03, 0.05, 0.1, 0.2, 0.4), (0, 0.6, 0.7, 0.8, 0.9)
# A detection that overlaps a listed face this much is no false box, whether or not its box is good enough.
_TOUCHING = 0.15


@dataclass(frozen=True, eq=False)
class ListedPhoto:
    """A photo with a list of its faces.

    Args:
        path: The photo.
        boxes: `(F, 4)` boxes of its faces.
        scores: `(F,)` how sure each face is, 0..1. Those below the measurement's `listed_score` are neither missed nor
            false.
    """

    path: Path
    boxes: np.ndarray
    scores: np.ndarray


def half_of(name: str) -> str:
    """The half, one of `HALVES`, that a photo of this name belongs to: by the last bit of the SHA-256 of the name."""
    return HALVES[hashlib.sha256(name.encode()).digest()[-1] & 1]


def read_listed_photos(
    photos: str | Path, faces: Iterable[str | Path] | str | Path, half: str | None = None
) -> list[ListedPhoto]:
    """Photos of a folder with their faces.

    Args:
        photos: The folder.
        faces: JSON file, or several whose faces are joined: `{"name.jpg": {"faces": [{"box": [x0, y0, x1, y1],
            "score": 0.9}, ...]}}`. Only photos of the first file are read.
        half: One of `HALVES`, or `None` for both.

    Raises:
        ValueError: If `half` is neither, or no photo is left.
    """
    if half is not None and half not in HALVES:
        raise ValueError(f"`half` must be one of {HALVES} or None. Received: half={half!r}")
    files = [faces] if isinstance(faces, (str, Path)) else list(faces)
    tables = [json.loads(Path(file).read_text("utf-8")) for file in files]
    listed = []
    for name in sorted(tables[0]):
        if half is None or half_of(name) == half:
            rows = [face for table in tables for face in table.get(name, {}).get("faces", ())]
            boxes = np.array([row["box"] for row in rows], "float64").reshape(-1, 4)
            listed.append(ListedPhoto(Path(photos) / name, boxes, np.array([row["score"] for row in rows], "float64")))
    if not listed:
        raise ValueError(f"`faces` must list photos. Received: faces={[str(file) for file in files]}, half={half!r}")
    return listed


def measure_whole_photos(
    detector: Detector,
    photos: Sequence[ListedPhoto],
    listed_map: BoxMap | None = None,
    *,
    degrees: float = 0.0,
    listed_score: float = 0.8,
    overlap: float = 0.4,
    report: Callable[[ListedPhoto, np.ndarray, list[Detection], list[bool], list[bool]], None] | None = None,
) -> dict[str, Any]:
    """Compares the faces of a detector with listed ones, on whole photos.

    Boxes are compared as boxes of the landmarks. Each listed face has at most one detection and the other way round,
    the largest overlaps first. A detection that touches no listed face, sure or not, is a false box.

    Args:
        detector: The detector.
        photos: The photos.
        listed_map: How listed boxes map to the tight box of the landmarks; `None`: they are that box.
        degrees: Rotation of every photo first, clockwise about its center, into a photo that holds all of it. Faces
            that are found are turned back before they are compared.
        listed_score: Listed faces of a lower score are neither missed nor false.
        overlap: Smallest intersection over union of a found face.
        report: Called for each photo with it, its image, the detections in the unturned photo, and for each listed
            face whether it was found, for each detection whether it is false.

    Returns:
        Dict: `photos`, `faces`, `recall`; `false`, false boxes, each with photo, box and score; `false_per_photo`;
        `pixels`, `share` and `score`, lists of faces and recall by the face's longer side, by that relative to the
        photo's, and by its listed score; `milliseconds`, median and outer tenths.
    """
    listed_map = listed_map or BoxMap()
    rows, false, seconds = [], [], []
    for photo in photos:
        image = load_image(photo.path)
        turned, turn = turn_photo(image, degrees)
        start = time.perf_counter()
        detections = detector.detect(turned)
        seconds.append(time.perf_counter() - start)
        detections = [_turned_back(face, detector.box_map(face.box), invert(turn), degrees) for face in detections]
        found, is_false = _match([listed_map(box) for box in photo.boxes], detections, overlap)
        sides = [float(box_size(box).max()) for box in photo.boxes]
        rows += [
            (side, side / max(image.shape[:2]), score, hit)
            for side, score, hit in zip(sides, photo.scores.tolist(), found)
        ]
        false += [
            {"photo": photo.path.name, "box": face.box.round(1).tolist(), "score": round(float(face.score), 3)}
            for face, wrong in zip(detections, is_false)
            if wrong
        ]
        if report is not None:
            report(photo, image, detections, found, is_false)
    table = np.array(rows, "float64").reshape(-1, 4)
    sure = table[table[:, 2] >= listed_score]
    return {
        "photos": len(photos),
        "degrees": degrees,
        "faces": len(sure),
        "recall": _share(sure[:, 3]),
        "recall_20px": _share(sure[sure[:, 0] >= 20][:, 3]),
        "recall_40px": _share(sure[sure[:, 0] >= 40][:, 3]),
        "false_per_photo": round(len(false) / max(len(photos), 1), 4),
        "pixels": _by_range(sure[:, 0], sure[:, 3], PIXELS),
        "share": _by_range(sure[:, 1], sure[:, 3], SHARES),
        "score": _by_range(table[:, 2], table[:, 3], SCORES),
        "false": sorted(false, key=lambda row: -row["score"]),
        "milliseconds": dict(
            zip(("p10", "median", "p90"), np.percentile(1e3 * np.array(seconds), [10, 50, 90]).round(2).tolist())
        ),
    }


def _turned_back(face: Detection, box: np.ndarray, back: np.ndarray, degrees: float) -> Detection:
    """A detection in the turned photo, in the photo as it was; `box` is its box of the landmarks."""
    box = box_from_center(apply_affine(back, box_center(box)[None])[0], box_size(box))
    points = apply_affine(back, face.points) if len(face.points) else face.points
    return Detection(box, face.score, points, (face.angle - degrees + 180) % 360 - 180)


def _match(listed: list[np.ndarray], detections: list[Detection], overlap: float) -> tuple[list[bool], list[bool]]:
    """Whether each listed face was found, and whether each detection is false."""
    overlaps = np.array(
        [[box_iou(box_around(face.box, face.angle), box) for box in listed] for face in detections], "float64"
    ).reshape(len(detections), len(listed))
    found, free = [False] * len(listed), overlaps.copy()
    while free.size and free.max() >= overlap:
        row, column = np.unravel_index(free.argmax(), free.shape)
        found[column] = True
        free[row], free[:, column] = 0.0, 0.0
    return found, [not (row > _TOUCHING).any() for row in overlaps]


def _share(hits: np.ndarray) -> float:
    return round(float(hits.mean()), 4) if len(hits) else float("nan")


def _by_range(values: np.ndarray, hits: np.ndarray, lows: Sequence[float]) -> list[dict[str, Any]]:
    """Number of faces and recall in each range of values, from its lower end to the next one."""
    rows = []
    for low, high in zip(lows, [*lows[1:], np.inf]):
        inside = (values >= low) & (values < high)
        if inside.any():
            rows.append({"from": low, "faces": int(inside.sum()), "recall": _share(hits[inside])})
    return rows
