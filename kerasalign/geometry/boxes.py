"""Boxes as `(x0, y0, x1, y1)` float64 in pixel-center coordinates."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from kerasalign.geometry.affine import rotation

#: Two boxes are of one face where their intersection over union is at least this.
SAME_FACE_IOU = 0.3


def as_box(box, name: str = "box") -> np.ndarray:
    """Checks a box and returns it as float64.

    Raises:
        ValueError: If it is not four finite numbers with `x1 > x0` and `y1 > y0`.
    """
    try:
        array = np.asarray(box, "float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` must be four numbers (x0, y0, x1, y1). Received: {name}={box!r}") from error
    if array.shape != (4,) or not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be four finite numbers (x0, y0, x1, y1). Received: {name}={box!r}")
    if array[2] <= array[0] or array[3] <= array[1]:
        raise ValueError(f"`{name}` must have x1 > x0 and y1 > y0. Received: {name}={array.tolist()}")
    return array


def tight_box(landmarks: np.ndarray, angle: float = 0.0) -> np.ndarray:
    """Smallest box around the annotated points of `(N, 2)` landmarks; NaN points are skipped.

    Args:
        landmarks: The points.
        angle: Rotation of the face in degrees, clockwise. Where it is not 0, the box is the smallest one in the frame
            in which the face is upright: its center is the one in the picture, its sides are those of the upright face.

    Raises:
        ValueError: If fewer than two points are annotated or they span no area.
    """
    landmarks = np.asarray(landmarks, "float64")
    known = landmarks[np.isfinite(landmarks).all(-1)]
    if len(known) < 2:
        raise ValueError(f"`landmarks` must hold at least two annotated points. Received: {len(known)}")
    if not angle:
        return as_box(np.concatenate([known.min(0), known.max(0)]), "tight box")
    turn = rotation(angle)
    upright = known @ turn
    box = as_box(np.concatenate([upright.min(0), upright.max(0)]), "tight box")
    return box_from_center(turn @ box_center(box), box_size(box))


def box_center(box: np.ndarray) -> np.ndarray:
    """Center `(x, y)` of a box."""
    return (np.asarray(box)[:2] + np.asarray(box)[2:]) / 2


def box_size(box: np.ndarray) -> np.ndarray:
    """Width and height of a box."""
    return np.asarray(box)[2:] - np.asarray(box)[:2]


def box_from_center(center, size) -> np.ndarray:
    """The box with a given center `(x, y)` and size `(width, height)`."""
    center, half = np.asarray(center, "float64"), np.asarray(size, "float64") / 2
    return np.concatenate([center - half, center + half])


def box_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    overlap = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(overlap / (box_size(a).prod() + box_size(b).prod() - overlap))


@dataclass(frozen=True)
class BoxMap:
    """The map from one kind of box, such as a detector's, to another, such as the tight box of the landmarks.

    Args:
        scale: Factors of width and height.
        shift: Shift of the center, in widths and heights of the source box.
    """

    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)

    def __call__(self, box: np.ndarray) -> np.ndarray:
        size = box_size(as_box(box))
        return box_from_center(box_center(box) + np.asarray(self.shift) * size, np.asarray(self.scale) * size)

    def get_config(self) -> dict:
        """Plain dict that rebuilds the map."""
        return asdict(self)
