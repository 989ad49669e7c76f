"""Detectors from what a caller has: given boxes, or a function that finds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.select import check_in_photo
from kerasalign.geometry import BoxMap, as_box
from kerasalign.support.checks import shown

#: Most faces of one photo: the most crowded photos of public data sets have fewer.
MOST_BOXES = 2000


def as_detections(boxes: Any, name: str = "boxes") -> list[Detection]:
    """Boxes as detections, in their order.

    Args:
        boxes: Detections, `(F, 4)` boxes, `(F, 5)` boxes with scores, one box `(4,)`, or nothing (`None` or
            empty).
        name: Name of the argument, for errors.

    Raises:
        ValueError: If they are none of these, or more than `MOST_BOXES`.
    """
    if boxes is None or (hasattr(boxes, "__len__") and len(boxes) == 0):
        return []
    if _are_detections(boxes):
        return list(boxes)
    try:
        rows = np.atleast_2d(np.asarray(boxes, "float64"))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"`{name}` must be (F, 4) boxes, (F, 5) boxes with scores, or detections. Received: {name}={shown(boxes)}"
        ) from error
    if len(rows) > MOST_BOXES:
        raise ValueError(f"`{name}` must be at most {MOST_BOXES} faces of one photo. Received: {len(rows)}")
    if rows.ndim != 2 or rows.shape[1] not in (4, 5):
        raise ValueError(
            f"`{name}` must be (F, 4) boxes, (F, 5) boxes with scores, or detections. "
            f"Received: {name} of shape {rows.shape}"
        )
    return [Detection(as_box(row[:4], name), *row[4:].tolist()) for row in rows]


class GivenBoxes(Detector):
    """Given boxes of one photo, in their order.

    Args:
        boxes: `(F, 4)` boxes `(x0, y0, x1, y1)`, `(F, 5)` with scores, or detections.
        box_map: How these boxes map to the tight box of the landmarks; by default they are that box.
        name: Kind of the boxes.
    """

    def __init__(self, boxes: Any, box_map: BoxMap | None = None, name: str = "landmarks") -> None:
        self.name = name
        self.box_map = box_map or BoxMap()
        self._detections = as_detections(boxes)
        # Detections were made from a photo; numbers may be in other units, or of another photo.
        self._are_numbers = not _are_detections(boxes)

    def detect(self, image: np.ndarray) -> list[Detection]:
        """The given boxes.

        Raises:
            ValueError: If a box given as numbers cannot be one of a face in this photo.
        """
        if self._are_numbers:
            check_in_photo(self._detections, image, "boxes")
        return list(self._detections)


class CallableDetector(Detector):
    """Any function from a photo to its face boxes.

    Args:
        function: Takes `(H, W, 3)` uint8 RGB and returns detections, `(F, 4)` boxes `(x0, y0, x1, y1)`, or
            `(F, 5)` boxes with scores; the order is kept.
        box_map: How its boxes map to the tight box of the landmarks; by default they are that box. Most
            detectors' boxes include the forehead and need a map.
        name: Kind of its boxes.
    """

    def __init__(
        self, function: Callable[[np.ndarray], Any], box_map: BoxMap | None = None, name: str = "callable"
    ) -> None:
        if not callable(function):
            raise ValueError(f"`function` must be callable. Received: function={function!r}")
        self.name = name
        self.box_map = box_map or BoxMap()
        self._function = function

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Calls the function.

        Raises:
            ValueError: If it returns something else, or a box that cannot be one of a face in this photo.
        """
        found = self._function(image)
        faces = as_detections(found, "detections")
        if not _are_detections(found):
            check_in_photo(faces, image, "detections")
        return faces


def _are_detections(boxes: Any) -> bool:
    return isinstance(boxes, (list, tuple)) and all(isinstance(item, Detection) for item in boxes)
