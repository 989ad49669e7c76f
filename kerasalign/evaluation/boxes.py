"""Boxes of test faces, and which detected face is the annotated one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from kerasalign.datasets import FaceSample
from kerasalign.geometry import SAME_FACE_IOU, box_center, box_from_center, box_iou, box_size
from kerasalign.metrics import BoxSource

T = TypeVar("T")


def source_box(sample: FaceSample, source: BoxSource) -> np.ndarray:
    """The `(4,)` box of a sample by a source that is no detector."""
    if source.kind == "dataset":
        return sample.box(source.detail or next(iter(sample.boxes), "detector"))
    box = sample.box("landmarks")
    if source.kind == "scaled":
        return box_from_center(box_center(box), box_size(box) * source.factor)
    return box


def matching_face(boxes: Sequence[np.ndarray], faces: Sequence[T], sample: FaceSample) -> T | None:
    """The detected face that overlaps a sample's landmarks most; `None` where none overlaps enough.

    Args:
        boxes: Tight box of the landmarks of each detected face, `(4,)`.
        faces: The detected faces.
        sample: The annotated face.
    """
    overlaps = [box_iou(box, sample.box("landmarks")) for box in boxes]
    return faces[int(np.argmax(overlaps))] if overlaps and max(overlaps) >= SAME_FACE_IOU else None
