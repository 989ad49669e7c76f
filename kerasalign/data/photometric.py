"""Color augmentation that keeps the pixels outside the photo black.

A crop is (0, 0, 0) where it shows nothing of the photo and nowhere else (`kerasalign.geometry.warp`);
`recolor` leaves that set of pixels as it was.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np

# OpenCV takes a number where its type stubs ask for an array.
_ONE = cast(Any, 1)
_GRAY = np.arange(256) / 255.0


def inside_photo(planes) -> np.ndarray:
    """`(H, W)` uint8 that is not zero where a crop, given as three `(H, W)` planes, shows the photo."""
    return cv2.max(cv2.max(planes[0], planes[1]), planes[2])


def recolor(
    image: np.ndarray,
    jet: np.ndarray | None = None,
    box: np.ndarray | None = None,
    noise_seed: int = 0,
    grayscale: bool = False,
    plain: bool = False,
) -> np.ndarray:
    """Color jetting, then a rectangle of noise or of one color, then conversion to gray; each is optional.

    Args:
        image: `(H, W, 3)` uint8, (0, 0, 0) outside the photo and nowhere else; a fourth channel is ignored.
        jet: `(2, 3)` low and high ends per channel, as fractions of white: see `jet_planes`.
        box: `(x0, y0, x1, y1)` of the rectangle in pixel-center coordinates; it may leave the image.
        noise_seed: Seed of the rectangle's noise.
        grayscale: Whether all channels get the luma (0.299, 0.587, 0.114).
        plain: Whether the rectangle has one random color.

    Returns:
        `(H, W, 3)` uint8 with the same pixels (0, 0, 0); `image` itself if nothing changes.
    """
    if jet is None and box is None and not grayscale:
        return image if image.shape[2] == 3 else cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
    # Split once and merge once: OpenCV is several times faster on single channels.
    planes = [cv2.extractChannel(image, channel) for channel in range(3)]
    inside = inside_photo(planes)
    if jet is not None:
        planes = jet_planes(planes, inside, *jet)
    if box is not None:
        _cover(planes, inside, box, noise_seed, plain)
    image = cv2.merge(planes)
    if grayscale:
        # A pixel such as (0, 0, 1) has luma 0, yet is part of the photo.
        luma = cv2.max(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.min(inside, _ONE))
        image = cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB)
    return image


def jet_planes(planes, inside: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    """Color jetting (MuSiCa): per channel, clip the dark and bright ends and stretch the rest.

    Values below `low` become 0 and values above `high` become 1; then the channel's minimum over the photo is
    subtracted, and the result divided by its maximum.

    Args:
        planes: Three `(H, W)` uint8 channels.
        inside: `(H, W)` uint8, not zero on the photo.
        low: `(3,)` fractions of white.
        high: `(3,)` fractions of white.

    Returns:
        Three `(H, W)` uint8 channels.
    """
    jetted = []
    for plane, dark, bright in zip(planes, low, high):
        table = _GRAY.copy()
        # Grays rise, so an end is a slice.
        table[: _GRAY.searchsorted(dark)] = 0.0
        table[_GRAY.searchsorted(bright, "right") :] = 1.0
        darkest, brightest, _, _ = cv2.minMaxLoc(plane, inside)
        start = table[int(darkest)]
        table -= start
        table *= 255 / (table[int(brightest)] or 1.0)
        # Zero stays zero and nothing else becomes it, so the outside neither grows nor shrinks.
        table = table.round().clip(1, 255).astype("uint8")
        table[0] = 0
        jetted.append(cv2.LUT(plane, table))
    return jetted


def _cover(planes, inside: np.ndarray, box: np.ndarray, seed: int, plain: bool) -> None:
    """Writes uniform noise, or one color, into the photo's part of a rectangle of the planes."""
    height, width = inside.shape
    limits = (width, height, width, height)
    x0, y0, x1, y1 = (min(max(round(float(v) + 0.5), 0), limit) for v, limit in zip(box, limits))
    rows, columns = slice(y0, y1), slice(x0, x1)
    mask = inside[rows, columns]
    if not mask.size:
        return
    count = 1 if plain else mask.size
    noise = np.frombuffer(np.random.Generator(np.random.PCG64(seed)).bytes(3 * count), "uint8")
    noise = cv2.max(noise, _ONE).reshape(3, count)
    if plain:
        noise = np.repeat(noise, mask.size, 1)
    noise = noise.reshape(3, *mask.shape)
    for plane, values in zip(planes, noise):
        # OpenCV copies into the view, so the plane itself is written.
        cv2.copyTo(values, mask, plane[rows, columns])
