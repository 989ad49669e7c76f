"""Blur and brightness augmentation that keeps the pixels outside the photo black.

A crop is (0, 0, 0) where it shows nothing of the photo and nowhere else; so is the result.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np

# OpenCV takes a number where its type stubs ask for an array.
_ONE = cast(Any, 1)


def expose(image: np.ndarray, gain: float = 1.0, blur: float = 0.0, gamma: float = 1.0) -> np.ndarray:
    """Blurs and brightens or darkens.

    Args:
        image: `(H, W, C)` uint8 with 3 channels, or with a fourth that is ignored; (0, 0, 0) outside the photo.
        gain: Factor of every value, above 0.5; values beyond white become white.
        blur: Standard deviation of a Gaussian in pixels; 0 for none.
        gamma: Exponent of the values in 0..1; below 1 brighter. Black and white stay.

    Returns:
        An image of the same shape; `image` itself where nothing changes.
    """
    if blur > 0:
        planes = cv2.split(image)
        inside = cv2.min(cv2.max(cv2.max(planes[0], planes[1]), planes[2]), _ONE)
        # At least 1 inside and 0 outside.
        soft = (cv2.GaussianBlur(plane, (0, 0), blur) for plane in planes)
        image = cv2.merge([cv2.multiply(cv2.max(plane, _ONE), inside) for plane in soft])
    if gain != 1:
        # Rounded, so that 1 stays 1 down to a half.
        image = cv2.convertScaleAbs(image, alpha=gain)
    if gamma != 1:
        values = np.round(255 * (np.arange(256) / 255) ** gamma).clip(1, 255).astype("uint8")
        values[0] = 0
        image = cv2.LUT(image, values)
    return image
