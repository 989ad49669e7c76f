"""The template of face recognizers: where the points of a face lie in their crops."""

from __future__ import annotations

import numpy as np

from kerasalign.geometry import apply_affine, estimate_similarity
from kerasalign.markups import Markup, get_markup

# Eye centers, nose tip and mouth corners in a 112 x 112 crop (InsightFace).
_SIZE = 112
_FIVE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
_FIVE.setflags(write=False)
# Crops of 128 pixels show eight more pixels on the left and on the right.
_WIDE, _MARGIN = 128, 8.0


def template5(size: int = _SIZE) -> np.ndarray:
    """The five points of an aligned face in a square crop.

    Args:
        size: Side of the crop in pixels: a multiple of 112, which scales the template, or of 128, where the face has
            the same size in a wider crop. The coordinates are multiplied by the scale, without the half pixel that
            pixel centers would ask for: recognizers were trained so.

    Returns:
        `(5, 2)` float64, x then y, crop pixels.

    Raises:
        ValueError: If the size is neither multiple.

    Reference:
        Deng et al., ArcFace, CVPR 2019; the released alignment code.
    """
    if isinstance(size, (int, np.integer)) and size > 0:
        if size % _SIZE == 0:
            return _FIVE * (size / _SIZE)
        if size % _WIDE == 0:
            return (_FIVE + np.array([_MARGIN, 0.0])) * (size / _WIDE)
    raise ValueError(f"`size` must be a multiple of {_SIZE} or {_WIDE}. Received: size={size!r}")


def template(markup: str | int | Markup, size: int = _SIZE) -> np.ndarray:
    """All points of a markup in an aligned crop: its mean shape, fitted to `template5` by five points.

    Experimental: the mean shape is a schematic face, not the average of a data set.

    Args:
        markup: The point scheme; one that converts to `"5"`.
        size: Side of the crop, as in `template5`.

    Returns:
        `(N, 2)` float64, x then y, crop pixels.
    """
    shape = get_markup(markup).mean_shape
    return apply_affine(estimate_similarity(landmarks_to_5(shape, markup), template5(size)), shape)


def landmarks_to_5(landmarks: np.ndarray, markup: str | int | Markup | None = None) -> np.ndarray:
    """Eye centers, nose tip and mouth corners of faces of any markup: the five points of `template5`.

    Where the markup has eye corners, the center of an eye is the middle between them: unlike the mean of all of the
    eye's points it does not move when the lids close.

    Args:
        landmarks: `(..., N, 2)` landmarks in any pixels.
        markup: What they mean; by default the registered markup of that many points.

    Returns:
        `(..., 5, 2)` in the same pixels; right eye, left eye (the subject's), nose tip, mouth corners.

    Raises:
        ValueError: If the landmarks do not fit the markup, or it does not convert to `"5"`.

    Example:

        landmarks_to_5(face.landmarks, face.markup)        # (68, 2) -> (5, 2)
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim < 2 or landmarks.shape[-1] != 2:
        raise ValueError(f"`landmarks` must be (..., N, 2). Received: shape {landmarks.shape}")
    markup = get_markup(landmarks.shape[-2] if markup is None else markup)
    if landmarks.shape[-2] != markup.num_points:
        raise ValueError(
            f"`landmarks` must have the {markup.num_points} points of markup '{markup.name}'. "
            f"Received: shape {landmarks.shape}"
        )
    five = get_markup("5")
    points = markup.convert(landmarks, five.name)
    if markup.has_eye_corners:
        for eye, corners in zip(("right_eye", "left_eye"), markup.eye_corners(), strict=True):
            points[..., five.parts[eye][0], :] = landmarks[..., list(corners), :].mean(-2)
    return points


def landmarks68_to_5(landmarks: np.ndarray) -> np.ndarray:
    """`landmarks_to_5` of `(..., 68, 2)` landmarks: (36 + 39) / 2, (42 + 45) / 2, 30, 48 and 54."""
    return landmarks_to_5(landmarks, "68")
