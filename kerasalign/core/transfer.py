"""Where new points lie among those that a network knows, so that its weights can start from the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasalign.core.own_points import mean_landmarks
from kerasalign.geometry import CropSpec, apply_affine
from kerasalign.markups import Markup

#: Old points that a new one starts as a weighted mean of.
_NEIGHBORS = 3


@dataclass(frozen=True, eq=False)
class Transfer:
    """The way from a network's points to new ones.

    Args:
        old_shape: `(O, 2)` mean face of the network's points in pixels of its crop.
        shape: `(N, 2)` mean face of the new points in the same pixels.
        weights: `(N, O)` rows that sum to 1: each new point as a weighted mean of old ones.
        scale: Side of the crop in units of the longer side of the new points' box, so that faces look as they did.
        shift: Shift of the crop's center from that box's, in the same units.
    """

    old_shape: np.ndarray
    shape: np.ndarray
    weights: np.ndarray
    scale: float
    shift: tuple[float, float]

    @property
    def nearest(self) -> np.ndarray:
        """`(N, O)` zeros and ones: the old point that each new one is most like."""
        return np.eye(len(self.old_shape))[self.weights.argmax(1)]

    @property
    def offsets(self) -> np.ndarray:
        """`(N, 2)` pixels from the weighted means of the old mean face to the new points."""
        return self.shape - self.weights @ self.old_shape


def plan_transfer(
    old: Markup,
    old_shape: np.ndarray,
    crop: CropSpec,
    new: Markup,
    landmarks: np.ndarray | None = None,
    points: Sequence[int | Sequence[int]] | None = None,
) -> Transfer:
    """Finds where new points lie among old ones.

    The mean faces are laid on each other by the points that correspond (`points`, or the old markup's conversion), else
    by the eyes, else by their boxes; then each new point is a mean of its three nearest old ones.

    Args:
        old: The network's point scheme.
        old_shape: `(O, 2)` its mean face in pixels of its crop.
        crop: Its crop.
        new: The new point scheme.
        landmarks: `(F, N, 2)` annotations of the new points, of any scale; by default the markup's schematic face.
        points: For each new point the old one, or the old ones that it is the mean of.

    Raises:
        ValueError: If `points` are not one for each new point, or no old points.
    """
    groups = list(old.conversions.get(new.name, ())) if points is None else _groups(points, old, new)
    if not groups and old.same_as(new, shape=False):
        groups = [(point,) for point in range(new.num_points)]
    # In units of a face's own box: what `crop` cuts by.
    shape = unit_shape(new, landmarks)
    weights = np.zeros((new.num_points, old.num_points))
    if groups:
        for row, group in zip(weights, groups, strict=True):
            row[list(group)] = 1 / len(group)
        side, start = _laid_on(shape, weights @ old_shape)
    else:
        side, start = _laid_on(*_anchors(old, old_shape, new, shape))
    placed = shape * side + start
    if not groups:
        weights = near_weights(placed, old_shape)
    middle = (crop.size - 1) / 2
    shift = (middle - start) / side
    return Transfer(old_shape, placed, weights, crop.size / side, (float(shift[0]), float(shift[1])))


def unit_shape(markup: Markup, landmarks: np.ndarray | None) -> np.ndarray:
    """`(N, 2)` mean face in units of the longer side of the points' box, with that box's center at the origin."""
    if landmarks is None:
        return markup.mean_shape
    known = [np.isfinite(face).all(-1) for face in landmarks]
    whole = [face for face, seen in zip(landmarks, known) if seen.all()] or [
        face for face, seen in zip(landmarks, known) if seen.sum() > 1
    ]
    spec = CropSpec(size=1000, scale=1.0)
    boxes = [np.concatenate([np.nanmin(face, 0), np.nanmax(face, 0)]) for face in whole]
    flat = [not (box[2:] > box[:2]).all() for box in boxes]
    if all(flat):
        return markup.mean_shape
    cut = [apply_affine(spec.transform(box), face) for face, box, no in zip(whole, boxes, flat) if not no]
    return (mean_landmarks(np.array(cut), markup) - (spec.size - 1) / 2) / spec.size


def near_weights(points: np.ndarray, others: np.ndarray, neighbors: int = _NEIGHBORS) -> np.ndarray:
    """`(N, O)` weights of the nearest of `(O, 2)` points for each of `(N, 2)` points, by inverse squared distance."""
    squares = np.square(points[:, None] - others[None]).sum(-1)
    order = np.argsort(squares, axis=1, kind="stable")[:, :neighbors]
    near = np.take_along_axis(squares, order, 1)
    inverse = 1 / np.maximum(near, 1e-9 + 1e-6 * near.max())
    weights = np.zeros(squares.shape)
    np.put_along_axis(weights, order, inverse / inverse.sum(1, keepdims=True), 1)
    return weights


def _groups(points: Sequence[int | Sequence[int]], old: Markup, new: Markup) -> list[tuple[int, ...]]:
    groups = [(int(item),) if np.ndim(item) == 0 else tuple(map(int, item)) for item in points]  # type: ignore[arg-type]
    if len(groups) != new.num_points or any(
        not group or not 0 <= min(group) <= max(group) < old.num_points for group in groups
    ):
        raise ValueError(
            f"`points` must give for each of the {new.num_points} new points one or more of the {old.num_points} old "
            f"ones. Received: points={points!r:.200}"
        )
    return groups


def _anchors(old: Markup, old_shape: np.ndarray, new: Markup, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the new and the old mean face that are the same: the eyes, or the corners of their boxes."""
    for name in ("inter_pupil", "inter_ocular"):
        if name in old.eyes and name in new.eyes:
            ours, theirs = (
                np.array([points[list(side)].mean(0) for side in markup.eyes[name]])
                for markup, points in ((new, shape), (old, old_shape))
            )
            if np.linalg.norm(ours[1] - ours[0]) > 1e-3:
                return ours, theirs
    ours, theirs = (np.array([points.min(0), points.max(0)]) for points in (shape, old_shape))
    return ours, theirs


def _laid_on(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Factor and shift, without a rotation, that lay points on others, least squares."""
    centered, goal = source - source.mean(0), target - target.mean(0)
    factor = float((centered * goal).sum() / max(np.square(centered).sum(), 1e-12))
    if factor <= 0:  # upside down: the two are no faces; keep the size
        factor = float(np.linalg.norm(goal) / max(np.linalg.norm(centered), 1e-9))
    return factor, target.mean(0) - factor * source.mean(0)
