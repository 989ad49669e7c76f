"""Boundary maps of landmarks, fast enough for every training step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from keras import ops

_DISTINCT = 1e-3
_FAR = 1e9


def boundary_maps(
    landmarks,
    curves: Mapping[str, Sequence[int]],
    size: int,
    scale: float = 0.25,
    sigma: float = 1.0,
    samples: int = 10,
):
    """Draws every boundary curve as a ridge around a spline through its landmarks.

    The maps equal those of LW-BAFA's `exact_boundary_maps`, a spline and a distance transform in float64, except near
    samples of the spline that float32 rounds to a neighboring pixel.

    Args:
        landmarks: `(B, N, 2)`, x then y, in pixels of the crop; NaN marks a point that is not annotated; the curve goes
            through the other points.
        curves: Name of each boundary to the ordered indices of its landmarks, as `Markup.boundaries`.
        size: Side of the maps.
        scale: Pixels of a map per pixel of the crop. There is no half-pixel shift, as in LAB's maps.
        sigma: Standard deviation of the ridge in pixels of the maps; a map is 0 from a distance of 3 sigma.
        samples: Samples of the spline per landmark.

    Returns:
        Maps `(B, size, size, K)`, float32 in 0..1, and `(B, K)` float32: 1 where a boundary has two known points or
        more, 0 where its map is empty.

    Example:

        maps, known = boundary_maps(landmarks, get_markup("68").boundaries, 64)      # (B, 64, 64, 13)

    Reference: Wu et al., "Look at Boundary" (arXiv 1805.10483), section 3.1: exp(-D^2 / 2 sigma^2) where D < 3 sigma.
    """
    indices, belongs = _padded(curves)
    points = ops.take(ops.cast(landmarks, "float32") * scale, indices.ravel(), axis=1)
    points = ops.reshape(points, (-1, *indices.shape, 2))
    known = ops.logical_and(ops.logical_not(ops.any(ops.isnan(points), -1)), belongs)
    enough = ops.cast(ops.sum(ops.cast(known, "int32"), -1) > 1, "float32")
    spots, drawn = _sampled_splines(*_distinct_points(points, known), samples)
    return _ridges(spots, drawn, size, sigma), enough


def _padded(curves: Mapping[str, Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """`(K, L)` indices of the curves, padded with their last point, and a mask of the real ones; L is at least 4."""
    rows = [list(curve) for curve in curves.values()]
    length = max(4, *map(len, rows))
    indices = np.array([row + row[-1:] * (length - len(row)) for row in rows], "int32")
    return indices, np.arange(length) < np.array([[len(row)] for row in rows])


def _distinct_points(points, known):
    """Moves known points that differ from their predecessor to the front: `(B, K, L, 2)`, and their count `(B, K)`."""
    length = points.shape[2]
    place = ops.arange(length, dtype="int32")
    points = ops.where(known[..., None], points, 0.0)
    # An unknown point is replaced by the last known point before it.
    last = ops.max(ops.where(known[:, :, None] & (place <= place[:, None]), place, -1), -1)
    points = ops.take_along_axis(points, ops.maximum(last, 0)[..., None], axis=2)
    step = ops.sqrt(ops.sum(ops.square(points[:, :, 1:] - points[:, :, :-1]), -1))
    new = known[:, :, 1:] & ((last[:, :, :-1] < 0) | (step >= _DISTINCT))
    new = ops.concatenate([known[:, :, :1], new], -1)
    order = ops.argsort(ops.where(new, place, place + length), -1)
    return ops.take_along_axis(points, order[..., None], axis=2), ops.sum(ops.cast(new, "int32"), -1)


def _sampled_splines(points, count, samples: int):
    """Cubic splines over arc length through the first `count` `(B, K)` of `points` `(B, K, L, 2)`, sampled evenly.

    Returns `(B, K, L samples, 2)` samples and a mask of those that exist.
    """
    length = points.shape[2]
    exists = ops.arange(length, dtype="int32") < count[..., None]
    delta = points[:, :, 1:] - points[:, :, :-1]
    # Beyond the last point any step that is not zero works.
    step = ops.where(exists[:, :, 1:], ops.sqrt(ops.sum(ops.square(delta), -1)), 1.0)
    slope = delta / step[..., None]
    bend = _second_derivatives(step, slope, count)
    knots = ops.pad(ops.cumsum(step, -1), ((0, 0), (0, 0), (1, 0)))

    end = ops.take_along_axis(knots, ops.maximum(count - 1, 0)[..., None], axis=2)
    number = ops.cast(count * samples, "float32")[..., None]
    sample = ops.arange(length * samples, dtype="float32")
    along = sample * (end / ops.maximum(number, 1.0))
    drawn = (sample < number) & (count > 1)[..., None]
    # The interval of a sample is the number of inner knots before it.
    passed = (along[..., None] >= knots[:, :, None, 1:-1]) & exists[:, :, None, 2:]
    interval = ops.sum(ops.cast(passed, "int32"), -1)[..., None]

    def at(values):
        return ops.take_along_axis(values, interval, axis=2)

    width = at(step[..., None])
    along = along[..., None] - at(knots[:, :, :-1, None])
    low, high = at(bend[:, :, :-1]), at(bend[:, :, 1:])
    linear = at(slope) - width * (2 * low + high) / 6
    return at(points[:, :, :-1]) + along * (linear + along * (low / 2 + along * (high - low) / (6 * width))), drawn


def _second_derivatives(step, slope, count):
    """Second derivatives `(B, K, L, 2)` at the knots of not-a-knot splines; 0 for two points, constant for three."""
    length = step.shape[-1] + 1
    place, count = ops.arange(length, dtype="int32"), count[..., None]
    sides = ((0, 0), (0, 0), (1, 1))
    steps = ops.pad(step, sides, constant_values=1.0)
    before, after = steps[..., :-1], steps[..., 1:]
    inner = (place > 0) & (place < count - 1)
    many, three = count > 3, count == 3

    # Inner knots: the first derivative is continuous. The other rows set the second derivative to 0.
    chain = ops.cast(inner & many, "float32")
    middle = ops.where(inner & many, 2 * (before + after), 1.0)
    matrix = _diagonal(before * chain, -1) + _diagonal(middle, 0) + _diagonal(after * chain, 1)
    # Not a knot: the third derivative is continuous at the second knot and at the last but one.
    last = ops.maximum(count - 1, 3)
    ends = [(place[:1], 1, step[..., :1], step[..., 1:2])]
    ends += [(last, -1, *(ops.take_along_axis(step, last - back, axis=2) for back in (1, 2)))]
    for end, inwards, near, far in ends:
        row = ops.where(place == end, far, ops.where(place == end + 2 * inwards, near, 0.0))
        row = ops.where(place == end + inwards, -near - far, row)
        matrix = ops.where(((place == end) & many)[..., None], row[:, :, None], matrix)
    # A parabola through three points: the outer derivatives equal the middle one.
    outer = ops.cast(three & ((place == 0) | (place == 2)), "float32")
    matrix = matrix - outer[..., None] * ops.cast(place == 1, "float32")

    change = ops.pad(slope[:, :, 1:] - slope[:, :, :-1], (*sides, (0, 0)))
    share = ops.where(many, 6.0, 2 / (before + after)) * ops.cast(inner, "float32")
    return ops.solve(matrix, change * share[..., None])


def _diagonal(values, offset: int):
    """`(..., L)` to `(..., L, L)`: value i in row i, on a diagonal."""
    return values[..., None] * ops.convert_to_tensor(np.eye(values.shape[-1], k=offset, dtype="float32"))


def _ridges(spots, drawn, size: int, sigma: float):
    """`(B, size, size, K)` maps that fall with the distance to the nearest sample."""
    axis = ops.arange(size, dtype="float32")
    columns, rows = (ops.cast(ops.round(spots[..., i : i + 1]) == axis, "float32") for i in (0, 1))
    rows = rows * ops.cast(drawn, "float32")[..., None]
    crossed = ops.matmul(ops.swapaxes(rows, -1, -2), columns)
    # Squared distances, one axis after the other, up to the reach of the ridge.
    reach = math.ceil(3 * sigma) - 1
    distance = ops.where(crossed > 0, 0.0, _FAR)
    for axis in (2, 3):
        margin = [(reach, reach) if i == axis else (0, 0) for i in range(4)]
        wide = ops.swapaxes(ops.pad(distance, margin, constant_values=_FAR), axis, 3)
        near = [wide[..., i : i + size] + float((i - reach) ** 2) for i in range(2 * reach + 1)]
        distance = near[0]
        for other in near[1:]:
            distance = ops.minimum(distance, other)
        distance = ops.swapaxes(distance, axis, 3)
    ridge = ops.where(distance < 9 * sigma**2, ops.exp(distance / (-2 * sigma**2)), 0.0)
    return ops.transpose(ridge, (0, 2, 3, 1))
