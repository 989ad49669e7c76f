"""Changes of colour that keep the edge of the photo visible.

A crop is (0, 0, 0) where it shows nothing of the photo and nowhere else (`kerasalign.geometry.warp`); each
function here leaves that set of pixels as it was.
"""

from __future__ import annotations

import cv2
import numpy as np


def inside_photo(image: np.ndarray) -> np.ndarray:
    """`(H, W)` uint8 mask of a `(H, W, 3)` crop: not zero where the crop shows the photo."""
    red, green, blue = cv2.split(image)
    return cv2.max(cv2.max(red, green), blue)


def jet_colours(image: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Colour jetting (MuSiCa): per channel, clip the dark and bright ends and stretch the rest.

    Values below `low` become 0 and values above `high` become 1; then the channel's minimum is subtracted and
    the result divided by its maximum.

    Args:
        image: `(H, W, 3)` uint8.
        low: `(3,)` fractions of white.
        high: `(3,)` fractions of white.

    Returns:
        `(H, W, 3)` uint8.
    """
    planes = cv2.split(image)
    inside = cv2.max(cv2.max(planes[0], planes[1]), planes[2])
    grey = np.arange(256) / 255.0
    jetted = []
    for plane, dark, bright in zip(planes, low, high):
        values = np.where(grey < dark, 0.0, np.where(grey > bright, 1.0, grey))
        darkest, brightest, _, _ = cv2.minMaxLoc(plane, inside)
        values -= values[int(darkest)]
        values /= values[int(brightest)] or 1.0
        table = np.clip(np.rint(255 * values), 1, 255).astype("uint8")
        # Zero stays zero and nothing else becomes it, so the outside neither grows nor shrinks.
        table[0] = 0
        jetted.append(cv2.LUT(plane, table))
    return cv2.merge(jetted)


def cover(image: np.ndarray, box: np.ndarray, seed: int) -> np.ndarray:
    """Covers the photo's part of a rectangle by uniform noise, in place.

    Args:
        image: `(H, W, 3)` uint8, changed.
        box: `(x0, y0, x1, y1)` in pixel-centre coordinates; parts outside the image are ignored.
        seed: Seed of the noise.

    Returns:
        `image`.
    """
    height, width = image.shape[:2]
    x0, x1 = np.clip(np.rint(np.asarray(box)[[0, 2]] + 0.5), 0, width).astype(int)
    y0, y1 = np.clip(np.rint(np.asarray(box)[[1, 3]] + 0.5), 0, height).astype(int)
    if x1 <= x0 or y1 <= y0:
        return image
    region = image[y0:y1, x0:x1]
    noise = np.frombuffer(np.random.Generator(np.random.PCG64(seed)).bytes(region.size), "uint8")
    noise = np.maximum(noise, 1).reshape(region.shape)
    mask = inside_photo(region)
    # OpenCV copies into a view of the same memory: `region` is written through.
    cv2.copyTo(noise, mask, region)
    return image


def to_grayscale(image: np.ndarray) -> np.ndarray:
    """Luma (0.299, 0.587, 0.114) in all three channels of a `(H, W, 3)` uint8 crop."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # A pixel such as (0, 0, 1) is dark, yet part of the photo.
    grey = cv2.max(grey, cv2.min(inside_photo(image), 1))
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
