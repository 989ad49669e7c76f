"""Which of the detected faces are kept, and whether given boxes can be those of a photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasalign.detection.base import Detection
from kerasalign.geometry import box_size

# Smallest side in pixels of a box that a caller gives, which a box in 0..1 does not have, and the smallest part of it
# that lies in the photo.
_SMALLEST_SIDE, _SMALLEST_SHARE = 1.5, 0.005


def select_faces(
    detections: Sequence[Detection], max_faces: int | None = None, min_score: float | None = None
) -> list[Detection]:
    """The largest faces of those with a high enough score, in their order.

    Args:
        detections: The faces.
        max_faces: How many to keep at most; `None`: all.
        min_score: Lowest score; `None`: any.
    """
    kept = [face for face in detections if min_score is None or face.score >= min_score]
    if max_faces is None or len(kept) <= max_faces:
        return kept
    areas = [box_size(face.box).prod() for face in kept]
    largest = sorted(np.argsort(areas, kind="stable")[::-1][:max_faces])
    return [kept[i] for i in largest]


def check_in_photo(detections: Sequence[Detection], image: np.ndarray, name: str) -> None:
    """Raises unless every box can be one of a face in a photo.

    Args:
        detections: The boxes.
        image: `(H, W, 3)`.
        name: Name of the argument, for errors.

    Raises:
        ValueError: If a box is smaller than 1.5 px, or less than half a percent of it lies in the photo.
    """
    height, width = image.shape[:2]
    for index, face in enumerate(detections):
        x0, y0, x1, y1 = face.box
        sides = box_size(face.box)
        seen = max(min(x1, width) - max(x0, 0), 0) * max(min(y1, height) - max(y0, 0), 0)
        if sides.min() < _SMALLEST_SIDE or seen < _SMALLEST_SHARE * sides.prod():
            raise ValueError(
                f"`{name}` must hold boxes (x0, y0, x1, y1) of faces in pixels of the photo, which is "
                f"{width} x {height}. Received: {name}[{index}]={face.box.tolist()}"
            )
