"""Sizes at which the face detector searches a photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kerasalign.detection.base import Detection
from kerasalign.geometry import box_size, compose, resize_matrix

#: Longer side in pixels of the first look at a photo. It finds faces from a twentieth of the photo up to all of it.
COARSE = 256
#: Sides of the network's inputs are multiples of this.
MULTIPLE = 32
# A photo that is hardly larger than the first look gets no finer one.
_WORTH_A_FINER_LOOK = 1.25
# A candidate smaller than this, in pixels of the first look, hints at small faces.
_SMALL = 40.0
# A face larger than this, in pixels of the first look, is why somebody took the photo.
_LARGE = 48.0


def fine_size(height: int, width: int, largest: int) -> int | None:
    """Longer side of the finer look at a photo: the photo's own, up to a largest one.

    Args:
        height: Height of the photo in pixels.
        width: Its width.
        largest: The largest size.

    Returns:
        The size; `None` where a finer look would show little more than the first one.
    """
    longer = min(max(height, width), largest)
    return longer if longer >= _WORTH_A_FINER_LOOK * COARSE else None


def may_hold_small_faces(candidates: Sequence[Detection], scale: float, min_score: float) -> bool:
    """Whether a photo needs a finer look after the first one.

    It does not where a large face was found and no candidate is small.

    Args:
        candidates: What the first look took for faces, with the low scores that a second look may raise.
        scale: Pixels of the first look over pixels of the photo.
        min_score: Lowest score of a face.
    """
    sides = [scale * float(box_size(face.box).max()) for face in candidates]
    large = any(side > _LARGE and face.score >= min_score for side, face in zip(sides, candidates))
    return not large or any(side < _SMALL for side in sides)


def fit_photo(image: np.ndarray, size: int, square: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Fits a photo into a rectangle that the network takes.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        size: Longer side of the photo in the rectangle, in pixels.
        square: Whether the rectangle is a square of one of few sides: for LiteRT, which has a file for each.

    Returns:
        `(h, w, 3)` uint8, black beside the photo, with sides that are multiples of 32, and the `(2, 3)` map from the
        photo to it.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    fitted = max(round(width * scale), 1), max(round(height * scale), 1)
    if fitted != (width, height):
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, fitted, interpolation=interpolation)
    if square:
        room = [_padded(size) if size <= COARSE else 1 << (size - 1).bit_length()] * 2
    else:
        room = [_padded(side) for side in fitted]
    left, top = (room[0] - fitted[0]) // 2, (room[1] - fitted[1]) // 2
    if tuple(room) != fitted:
        canvas = np.zeros((room[1], room[0], 3), "uint8")
        canvas[top : top + fitted[1], left : left + fitted[0]] = image
        image = canvas
    return image, compose(resize_matrix((width, height), fitted), np.array([[1.0, 0, left], [0, 1.0, top]]))


def turn_quarters(picture: np.ndarray, matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture after so many quarter turns counterclockwise, and the map from the photo to it."""
    for _ in range(count % 4):
        last = picture.shape[1] - 1.0
        picture, matrix = np.rot90(picture), compose(matrix, np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, last]]))
    return np.ascontiguousarray(picture), matrix


def _padded(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE
