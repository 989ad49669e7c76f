"""Normalized mean error of landmarks."""

from __future__ import annotations

import numpy as np

from kerasalign.markups import Markup, get_markup
from kerasalign.metrics.normalizers import normalizing_length


def point_errors(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Euclidean distance of every predicted point from its ground truth.

    Args:
        prediction: `(B, N, 2)` predicted landmarks.
        target: `(B, N, 2)` ground truth in the same coordinates; NaN marks a point that is not annotated.

    Returns:
        `(B, N)` float64 distances in the unit of the input; NaN where the point is not annotated.

    Raises:
        ValueError: If the shapes differ, or an annotated point has no finite prediction.
    """
    prediction, target = _faces(prediction, "prediction"), _faces(target, "target")
    if prediction.shape != target.shape:
        raise ValueError(
            f"`prediction` and `target` must have the same shape (B, N, 2). "
            f"Received: {prediction.shape} and {target.shape}"
        )
    known = np.isfinite(target).all(-1)
    missing = np.asarray(known & ~np.isfinite(prediction).all(-1))
    if missing.any():
        faces = np.flatnonzero(missing.any(1))
        raise ValueError(
            f"`prediction` must be finite wherever `target` is annotated, or the mean would "
            f"leave out the hardest faces; it is not for {faces.size} of {len(target)} faces. "
            f"Received: first such face {faces[0]}"
        )
    return np.where(known, np.linalg.norm(prediction - target, axis=-1), np.nan)


def nme(
    prediction: np.ndarray,
    target: np.ndarray,
    markup: str | Markup,
    normalizer: str,
    boxes: np.ndarray | None = None,
) -> np.ndarray:
    """NME of each face in percent: mean point error over the annotated points, divided by a normalizing length.

    The NME of a data set is the mean over its faces. The length is measured on the ground truth. A similarity
    transform of both prediction and ground truth does not change the NME, so it is the same in photo and crop.

    Args:
        prediction: `(B, N, 2)` predicted landmarks.
        target: `(B, N, 2)` ground truth in the same coordinates; NaN marks a point that is not annotated.
        markup: The point scheme, or its name.
        normalizer: Name of a normalizer, such as `"inter_ocular"`.
        boxes: `(B, 4)` boxes for the box normalizers; by default the tight boxes of the ground truth.

    Returns:
        `(B,)` float64, percent.

    Raises:
        ValueError: If shapes do not fit, a face has no annotated point, an annotated point has no finite
            prediction, or a normalizing length is zero or unknown.
    """
    return face_means(relative_errors(prediction, target, markup, normalizer, boxes))


def part_nme(
    prediction: np.ndarray,
    target: np.ndarray,
    markup: str | Markup,
    normalizer: str,
    boxes: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """NME of each face over the points of each facial part, in percent; arguments as for `nme`.

    Returns:
        Part name, as in `Markup.parts`, to `(B,)` float64; NaN for a face with no annotated point there.
    """
    return part_means(relative_errors(prediction, target, markup, normalizer, boxes), get_markup(markup))


def relative_errors(
    prediction: np.ndarray,
    target: np.ndarray,
    markup: str | Markup,
    normalizer: str,
    boxes: np.ndarray | None = None,
) -> np.ndarray:
    """Point errors in percent of the normalizing length, `(B, N)`; arguments as for `nme`."""
    errors = point_errors(prediction, target)
    markup, target = get_markup(markup), _faces(target, "target")
    if target.shape[1] != markup.num_points:
        raise ValueError(
            f"`target` must have the {markup.num_points} points of markup '{markup.name}'. "
            f"Received: shape {target.shape}"
        )
    empty = np.flatnonzero(np.isnan(errors).all(1))
    if empty.size:
        raise ValueError(
            f"`target` must have an annotated point for every face; {empty.size} of "
            f"{len(errors)} faces have none. Received: first such face {empty[0]}"
        )
    return 100.0 * errors / normalizing_length(target, markup, normalizer, boxes)[:, None]


def face_means(relative: np.ndarray) -> np.ndarray:
    """Mean of `(B, N)` relative errors over the points that are not NaN; NaN where there is none."""
    known = np.isfinite(relative)
    count = known.sum(1)
    return np.where(count > 0, np.where(known, relative, 0.0).sum(1) / np.maximum(count, 1), np.nan)


def part_means(relative: np.ndarray, markup: Markup) -> dict[str, np.ndarray]:
    """`face_means` over the points of each facial part."""
    return {part: face_means(relative[:, list(points)]) for part, points in markup.parts.items()}


def _faces(landmarks: np.ndarray, name: str) -> np.ndarray:
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 3 or landmarks.shape[-1] != 2:
        raise ValueError(f"`{name}` must be (B, N, 2) landmarks. Received: shape {landmarks.shape}")
    return landmarks
