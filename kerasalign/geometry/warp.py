"""Resampling of an image by an affine map.

Outside the photo a warped image is exactly black, (0, 0, 0); inside, black is lifted to 1. So "this pixel is
not part of the photo" can be read off a `uint8` crop.
"""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.geometry.affine import apply_affine, compose, invert, resize_matrix, scale_of


def warp(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resamples an image: output pixel `q` shows the photo at `inverse(matrix)(q)`, bilinearly.

    Strong reductions average the source first, so they do not alias.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        matrix: `(2, 3)` map from photo to output coordinates.
        size: Output `(width, height)`.

    Returns:
        `(height, width, 3)` uint8; pixels outside the photo are (0, 0, 0) and no other pixel is.
    """
    width, height = size
    inverse = invert(matrix)
    corners = apply_affine(inverse, np.array([[0, 0], [width, 0], [0, height], [width, height]]) - 0.5)
    reduce = int(1 / max(scale_of(matrix), 1e-6))
    margin = 2 * max(reduce, 1)
    low = np.clip(np.floor(corners.min(0)) - margin, 0, None).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + margin + 1, None, [image.shape[1], image.shape[0]]).astype(int)
    if (high <= low).any():
        return np.zeros((height, width, 3), "uint8")
    # Work on the part that the output shows: photos are large, faces small.
    region = np.maximum(image[low[1] : high[1], low[0] : high[0]], 1)
    inverse = compose(inverse, np.array([[1.0, 0.0, -low[0]], [0.0, 1.0, -low[1]]]))
    if reduce >= 2:
        source = region.shape[1], region.shape[0]
        target = max(1, round(source[0] / reduce)), max(1, round(source[1] / reduce))
        region = cv2.resize(region, target, interpolation=cv2.INTER_AREA)
        inverse = compose(inverse, resize_matrix(source, target))
    return cv2.warpAffine(
        np.ascontiguousarray(region),
        inverse,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0),
    )
