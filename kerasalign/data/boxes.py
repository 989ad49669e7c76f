"""Boxes of annotated faces by a box source, and which detected face is the annotated one."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Protocol, TypeVar

import numpy as np

from kerasalign.datasets import FaceSample
from kerasalign.geometry import SAME_FACE_IOU, box_center, box_from_center, box_iou, box_size, rotation, tight_box
from kerasalign.metrics.box_source import BoxSource
from kerasalign.support.progress import track

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: Kind of the boxes that `boxed_samples` adds.
TRAINING_BOX = "training"


class BoxDetector(Protocol):
    """What is needed of a face detector here; `kerasalign.detection.Detector` has it."""

    def detect(self, image: np.ndarray) -> Sequence[Any]:
        """The faces of a photo, each with a `box`."""
        ...

    def map_to(self, kind: str) -> Callable[[np.ndarray], np.ndarray]:
        """The map from its boxes to boxes of another kind."""
        ...


def source_box(sample: FaceSample, source: BoxSource) -> np.ndarray:
    """The `(4,)` box of a sample by a source that is no detector; see `source_face`.

    Raises:
        ValueError: If the source turns crops, which a box does not say.
    """
    if source.roll:
        raise ValueError(f"A box alone turns no crop: leave out the roll. Received: box_source='{source}'")
    return source_face(sample, source)[0]


def source_face(sample: FaceSample, source: BoxSource) -> tuple[np.ndarray, float]:
    """The `(4,)` box of a sample by a source that is no detector, and the degrees by which its crop is turned.

    A `"jittered:R"` box is up to 1 + R times as wide, up to 1 + R / 2 times as tall, and moved by up to R of its height
    in x and of its width in y: with R = 0.2 this is MuSiCa's noise (arXiv 2108.00377, section 3.3).
    `"jittered:R,roll=D"` turns the crop by up to D degrees either way, too; the box is the tight one as the crop shows
    the face. The face's name is the seed, so that every network gets the same boxes.
    """
    if source.kind == "dataset":
        return sample.box(source.detail or next(iter(sample.boxes), "detector")), 0.0
    box = sample.box("landmarks")
    if source.kind == "scaled":
        return box_from_center(box_center(box), box_size(box) * source.factor), 0.0
    if source.kind == "jittered":
        rng = np.random.default_rng([source.seed, zlib.crc32(sample.name.encode())])
        grow = 1 + source.factor * rng.random(2) * (1.0, 0.5)
        shift = source.factor * rng.uniform(-1, 1, 2)
        angle = float(rng.uniform(-source.roll, source.roll)) if source.roll else 0.0
        box = tight_box(sample.landmarks, angle) if angle else box
        moved = box_center(box) + rotation(angle) @ (shift * box_size(box)[::-1])
        return box_from_center(moved, grow * box_size(box)), angle
    return box, 0.0


def matching_face(boxes: Sequence[np.ndarray], faces: Sequence[T], sample: FaceSample) -> T | None:
    """The detected face that overlaps a sample's landmarks most; `None` where none overlaps enough.

    Args:
        boxes: Tight box of the landmarks of each detected face, `(4,)`.
        faces: The detected faces.
        sample: The annotated face.
    """
    overlaps = [box_iou(box, sample.box("landmarks")) for box in boxes]
    return faces[int(np.argmax(overlaps))] if overlaps and max(overlaps) >= SAME_FACE_IOU else None


def boxed_samples(
    samples: Iterable[FaceSample], source: BoxSource, detector: BoxDetector | None = None, kind: str = "landmarks"
) -> list[FaceSample]:
    """The samples with a box by a source added, of kind `TRAINING_BOX`. Faces that a detector misses are left out.

    Args:
        samples: Annotated faces.
        source: Where the boxes come from.
        detector: The detector of a source `"detector:NAME"`.
        kind: The kind of box that a detector's boxes are mapped to.

    Raises:
        ValueError: If a face has no such box, the source turns crops (augmentation does that in training), the
            detector is not given, or it finds no face.
    """
    if source.kind != "detector":
        return [_with_box(sample, source_box(sample, source)) for sample in samples]
    if detector is None:
        raise ValueError(f"Give `detector` for the boxes of {source.describe()}. Received: detector=None")
    samples, found = list(samples), []
    to_tight, to_kind = detector.map_to("landmarks"), detector.map_to(kind)
    photos = [list(faces) for _, faces in groupby(samples, key=lambda sample: str(sample.image))]
    for faces in track(photos, "Detecting faces", len(photos)):
        boxes = [detection.box for detection in detector.detect(faces[0].read_image())]
        for sample in faces:
            box = matching_face([to_tight(box) for box in boxes], boxes, sample)
            if box is not None:
                found.append(_with_box(sample, to_kind(box)))
    if len(found) < len(samples):
        logger.warning(
            "The detector missed %d of %d faces, which are left out", len(samples) - len(found), len(samples)
        )
    if not found:
        raise ValueError(f"No face was found by {source.describe()}. Received: {len(samples)} faces")
    return found


def _with_box(sample: FaceSample, box: np.ndarray) -> FaceSample:
    return replace(sample, boxes={**sample.boxes, TRAINING_BOX: box})
