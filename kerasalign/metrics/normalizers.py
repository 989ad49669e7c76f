"""Normalizers: the lengths that errors are divided by, as named functions of the ground truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerasalign.markups import Markup
from kerasalign.support.checks import one_of

Normalizer = Callable[[np.ndarray, Markup, "np.ndarray | None"], np.ndarray]


def inter_ocular(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Distance between the outer eye corners: points 36 and 45 of 68, 60 and 72 of 98, 8 and 9 of 29."""
    return _eye_distance(target, markup, "inter_ocular")


def inter_pupil(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Distance between the eye centers: the means of 36..41 and 42..47 of 68, the pupils 96 and 97 of 98."""
    return _eye_distance(target, markup, "inter_pupil")


def corner_midpoint(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Distance between the points midway between each eye's corners: of 36, 39 and of 42, 45 of 68."""
    right, left = (target[:, list(corners)].mean(1) for corners in markup.eye_corners())
    return np.linalg.norm(right - left, axis=-1)


def box_size(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Geometric mean side of the box, sqrt(w h)."""
    sides = _box_sides(target, boxes)
    return np.sqrt(sides.prod(-1))


def box_diagonal(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Diagonal of the box, sqrt(w^2 + h^2)."""
    return np.linalg.norm(_box_sides(target, boxes), axis=-1)


def box_width(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Width of the box."""
    return _box_sides(target, boxes)[..., 0]


def box_height(target: np.ndarray, markup: Markup, boxes: np.ndarray | None = None) -> np.ndarray:
    """Height of the box."""
    return _box_sides(target, boxes)[..., 1]


_REGISTRY: dict[str, Normalizer] = {
    function.__name__: function
    for function in (inter_ocular, inter_pupil, corner_midpoint, box_size, box_diagonal, box_width, box_height)
}


def list_normalizers() -> list[str]:
    """Names of the registered normalizers."""
    return list(_REGISTRY)


def get_normalizer(name: str) -> Normalizer:
    """Returns the normalizer function of that name.

    Raises:
        ValueError: If there is none.
    """
    one_of("name", name, _REGISTRY)
    return _REGISTRY[name]


def register_normalizer(name: str, function: Normalizer) -> None:
    """Registers a normalizer.

    Args:
        name: Its name.
        function: Takes `(B, N, 2)` ground truth, the `Markup`, and `(B, 4)` boxes or `None`; returns `(B,)`
            lengths in the unit of the ground truth.

    Raises:
        ValueError: If another normalizer holds that name.
    """
    if _REGISTRY.get(name, function) is not function:
        raise ValueError(f"A normalizer of that name is registered already. Received: name={name!r}")
    _REGISTRY[name] = function


def unregister_normalizer(name: str) -> None:
    """Removes a normalizer from the registry; does nothing where no normalizer has that name."""
    _REGISTRY.pop(name, None)


def normalizing_length(
    target: np.ndarray, markup: Markup, normalizer: str, boxes: np.ndarray | None = None
) -> np.ndarray:
    """The `(B,)` lengths that the point errors of `(B, N, 2)` ground truth are divided by.

    Args:
        target: Ground truth; NaN marks a point that is not annotated.
        markup: What its points mean.
        normalizer: Name of a normalizer.
        boxes: `(B, 4)` boxes for the box normalizers; by default the tight boxes of the annotated points.

    Raises:
        ValueError: If the markup lacks that eye pair, or a length is zero or not a number (an eye point that
            is not annotated, a box without area).
    """
    lengths = np.asarray(get_normalizer(normalizer)(target, markup, boxes), "float64")
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise ValueError(
            f"`target` must give every face a positive length by the normalizer '{normalizer}'; "
            f"it does not for {bad.size} of {lengths.size} faces, the first being face "
            f"{bad[0]}: a point is not annotated or points coincide. "
            f"Received: length={lengths[bad[0]]}"
        )
    return lengths


def _eye_distance(target: np.ndarray, markup: Markup, name: str) -> np.ndarray:
    right, left = markup.eye_groups(name)
    return np.linalg.norm(target[:, list(right)].mean(1) - target[:, list(left)].mean(1), axis=-1)


def _box_sides(target: np.ndarray, boxes: np.ndarray | None) -> np.ndarray:
    if boxes is None:
        known = np.isfinite(target).all(-1, keepdims=True)
        low = np.where(known, target, np.inf).min(1)
        high = np.where(known, target, -np.inf).max(1)
        # A face without an annotated point gives -inf, which the caller refuses.
        return high - low
    boxes = np.asarray(boxes, "float64")
    if boxes.shape != (len(target), 4):
        raise ValueError(
            f"`boxes` must be (B, 4) with one box (x0, y0, x1, y1) per face, B={len(target)}. "
            f"Received: shape {boxes.shape}"
        )
    sides = boxes[:, 2:] - boxes[:, :2]
    # Two negative sides would multiply to a positive area.
    return np.where(sides > 0, sides, np.nan)
