"""Boxes, affine maps, face crops. Integer coordinates are pixel centers, 0-based."""

from kerasalign.geometry.affine import (
    about,
    apply_affine,
    compose,
    invert,
    resize_matrix,
    rotation,
    scale_of,
)
from kerasalign.geometry.boxes import (
    SAME_FACE_IOU,
    BoxMap,
    as_box,
    box_center,
    box_from_center,
    box_iou,
    box_size,
    tight_box,
)
from kerasalign.geometry.crop import CropSpec
from kerasalign.geometry.head_pose import head_angles, head_rotation
from kerasalign.geometry.similarity import estimate_similarity
from kerasalign.geometry.warp import warp

__all__ = [
    "SAME_FACE_IOU",
    "BoxMap",
    "CropSpec",
    "about",
    "apply_affine",
    "as_box",
    "box_center",
    "box_from_center",
    "box_iou",
    "box_size",
    "compose",
    "estimate_similarity",
    "head_angles",
    "head_rotation",
    "invert",
    "resize_matrix",
    "rotation",
    "scale_of",
    "tight_box",
    "warp",
]
