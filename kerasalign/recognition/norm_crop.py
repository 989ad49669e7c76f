"""Crops for face recognizers: every face upright and of one size, with eyes and mouth at the same positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasalign.geometry import about, estimate_similarity, warp
from kerasalign.markups import Markup, get_markup
from kerasalign.recognition.template import landmarks_to_5, template, template5
from kerasalign.support.images import load_image

METHODS = ("five", "full")


def norm_matrix(
    landmarks: np.ndarray, size: int = 112, markup: str | int | Markup | None = None, method: str = "five"
) -> np.ndarray:
    """The similarity transform that maps a face to the template of face recognizers.

    Args:
        landmarks: `(N, 2)` landmarks in pixels of the photo.
        size: Side of the crop, a multiple of 112 or 128.
        markup: What the landmarks mean; by default the registered markup of that many points.
        method: `"five"` fits eye centers, nose tip and mouth corners, as recognizers were trained with; `"full"` fits
            all points to the markup's mean shape, and is experimental.

    Returns:
        `(2, 3)` map from photo to crop pixels.

    Raises:
        ValueError: If an argument is wrong, or the points do not span a face.
    """
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {METHODS}. Received: method={method!r}")
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 2:
        raise ValueError(f"`landmarks` must be those of one face, (N, 2). Received: shape {landmarks.shape}")
    five = landmarks_to_5(landmarks, markup)
    if method == "five":
        return estimate_similarity(five, template5(size))
    scheme = get_markup(len(landmarks) if markup is None else markup)
    return estimate_similarity(landmarks, template(scheme, size))


def norm_crop(
    image: Any, landmarks: np.ndarray, size: int = 112, markup: str | int | Markup | None = None, method: str = "five"
) -> np.ndarray:
    """Cuts a face out of a photo as face recognizers expect it.

    Args:
        image: Photo: an array, a path, bytes, or a PIL image.
        landmarks: `(N, 2)` landmarks in pixels of the photo.
        size: Side of the crop, a multiple of 112 or 128.
        markup: What the landmarks mean; by default the registered markup of that many points.
        method: `"five"` or `"full"`.

    Returns:
        `(size, size, 3)` uint8 RGB; (0, 0, 0) outside the photo. Where the crop is much smaller than the face, pixels
        are averaged first, so that there is no aliasing.

    Raises:
        ImageError: If the photo cannot be read.
        ValueError: If an argument is wrong, or the points do not span a face.

    Example:

        face = model.align(photo)[0]
        crop = norm_crop(photo, face.landmarks)            # (112, 112, 3)
    """
    matrix = norm_matrix(landmarks, size, markup, method)
    return warp(load_image(image), matrix, (size, size))


def center_crop(image: Any, size: int = 112, part: float = 1.0) -> np.ndarray:
    """The central square of a photo, resized: "no alignment" in SDU's table 3.

    Args:
        image: Photo, as in `norm_crop`.
        size: Side of the crop in pixels.
        part: Side of the square in units of the photo's shorter side.

    Returns:
        `(size, size, 3)` uint8 RGB.

    Raises:
        ImageError: If the photo cannot be read.
        ValueError: If `part` or `size` is not positive.
    """
    for name, value in (("size", size), ("part", part)):
        if not value > 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={value!r}")
    image = load_image(image)
    height, width = image.shape[:2]
    scale = size / (part * min(height, width))
    center = np.full(2, (size - 1) / 2)
    return warp(image, about((np.array([width, height]) - 1) / 2, scale * np.eye(2), center), (size, size))
