"""Markup: what each landmark of a face means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from kerasalign.geometry import estimate_similarity, tight_box

# Names come into paths, tables and messages.
MOST_NAME = 100


@dataclass(frozen=True, eq=False)
class Markup:
    """A point scheme: what landmark `i` of a face means.

    Args:
        name: Short name, such as `"68"`.
        num_points: Number of landmarks N.
        parts: Part name to the indices of its points, for example `{"jaw": (0, 1, ...)}`.
        flip: Permutation of length N: point `i` of a mirrored face is point `flip[i]` of the original.
        eyes: Normalizer name to `(right eye indices, left eye indices)`. The normalizing distance is the
            distance between the means of the two groups. `"inter_ocular"` is the outer eye corners,
            `"inter_pupil"` the eye centers.
        boundaries: Boundary name to the ordered indices of an open curve through its points.
        mean_shape: `(N, 2)` schematic face, x then y, in units of the longer side of its tight box with the
            origin at the box center.
        conversions: Name of another markup to one index group per point of that markup: each point is the
            mean of its group.

    Raises:
        ValueError: If an index is out of range, `flip` is not an involution, or all points are equal.
    """

    name: str
    num_points: int
    parts: Mapping[str, Sequence[int]]
    flip: Sequence[int]
    eyes: Mapping[str, tuple[Sequence[int], Sequence[int]]]
    boundaries: Mapping[str, Sequence[int]]
    mean_shape: np.ndarray
    conversions: Mapping[str, Sequence[Sequence[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = self.num_points
        if not 0 < len(self.name) <= MOST_NAME:
            raise ValueError(f"`name` must have 1 to {MOST_NAME} characters. Received: name={self.name[:80]!r}")
        flip = np.asarray(self.flip)
        if sorted(flip.tolist()) != list(range(n)):
            raise ValueError(f"`flip` must be a permutation of 0..{n - 1}. Received: flip={flip.tolist()}")
        if not np.array_equal(flip[flip], np.arange(n)):
            bad = np.flatnonzero(flip[flip] != np.arange(n)).tolist()
            raise ValueError(
                f"`flip` must be an involution; flip[flip[i]] != i at points {bad}. Received: flip={flip.tolist()}"
            )
        groups = [*self.parts.values(), *self.boundaries.values()]
        groups += [side for pair in self.eyes.values() for side in pair]
        groups += [group for conversion in self.conversions.values() for group in conversion]
        for group in groups:
            if len(group) == 0 or min(group) < 0 or max(group) >= n:
                raise ValueError(f"Every index group of a markup holds indices in 0..{n - 1}. Received: {group}")
        shape = np.asarray(self.mean_shape, "float64")
        if shape.shape != (n, 2) or not np.isfinite(shape).all():
            raise ValueError(f"`mean_shape` must be a finite ({n}, 2) array. Received: shape {shape.shape}")
        low, high = shape.min(0), shape.max(0)
        center, side = (low + high) / 2, (high - low).max()
        if not side > 0:
            raise ValueError(f"`mean_shape` must be spread out. Received: {n} equal points, {shape[0].tolist()}")
        # A shape already in these units is not changed at all, so that a saved markup loads identically.
        if np.abs(center).max() > 1e-9 or abs(side - 1) > 1e-9:
            shape = (shape - center) / side
        object.__setattr__(self, "mean_shape", shape)

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of neighboring points on the boundary curves, each once; drawings join them by lines."""
        steps = (step for curve in self.boundaries.values() for step in pairwise(curve))
        return tuple(dict.fromkeys((min(step), max(step)) for step in steps))

    def eye_groups(self, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Point indices of the right and of the left eye; an eye distance is that of their two means.

        Args:
            name: Name of the distance, such as `"inter_ocular"`.

        Raises:
            ValueError: If the markup has no such eye distance.
        """
        if name not in self.eyes:
            raise ValueError(
                f"Markup '{self.name}' has no eye distance `{name}`; it has {sorted(self.eyes)}. "
                f"Received: name={name!r}"
            )
        right, left = self.eyes[name]
        return tuple(right), tuple(left)

    @property
    def has_eye_corners(self) -> bool:
        """Whether the markup has the boundaries that `eye_corners` needs."""
        return {"right_eye_upper", "left_eye_upper"} <= set(self.boundaries)

    def eye_corners(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Returns the two corners of the right and of the left eye: the ends of the eyes' upper boundaries.

        Raises:
            ValueError: If the markup has no such boundaries.
        """
        if not self.has_eye_corners:
            raise ValueError(
                f"Markup '{self.name}' has no boundaries `right_eye_upper` and `left_eye_upper`, whose "
                f"ends are the eyes' corners. Received: boundaries={sorted(self.boundaries)}"
            )
        curves = (self.boundaries[f"{side}_eye_upper"] for side in ("right", "left"))
        right, left = ((int(curve[0]), int(curve[-1])) for curve in curves)
        return right, left

    def upright_angle(self, landmarks: np.ndarray) -> float:
        """In-plane rotation of a face in degrees, clockwise, from a fit of the mean shape to its `(N, 2)` landmarks.

        Raises:
            ValueError: If the landmarks coincide.
        """
        fit = estimate_similarity(self.mean_shape, landmarks)
        return float(np.degrees(np.arctan2(fit[1, 0], fit[0, 0])))

    def upright_box(self, landmarks: np.ndarray) -> tuple[np.ndarray, float]:
        """Tight box `(4,)` of `(N, 2)` landmarks after rotation to an upright face, and the face's `upright_angle`.

        Raises:
            ValueError: If the landmarks coincide.
        """
        angle = self.upright_angle(landmarks)
        return tight_box(landmarks, angle), angle

    def mirror(self, landmarks: np.ndarray, width: float) -> np.ndarray:
        """Mirrors `(..., N, 2)` landmarks in an image `width` pixels wide: x becomes `width - 1 - x`."""
        mirrored = np.array(landmarks, copy=True)[..., np.asarray(self.flip), :]
        mirrored[..., 0] = width - 1 - mirrored[..., 0]
        return mirrored

    def convert(self, landmarks: np.ndarray, to: str) -> np.ndarray:
        """Converts `(..., N, 2)` landmarks to another markup: each point is the mean of a group of these.

        Raises:
            ValueError: If this markup has no conversion to `to`.
        """
        landmarks = np.asarray(landmarks)
        if to == self.name:
            return landmarks.copy()
        if to not in self.conversions:
            raise ValueError(f"Markup '{self.name}' converts to {sorted(self.conversions)}. Received: to={to!r}")
        points = [landmarks[..., list(group), :].mean(-2) for group in self.conversions[to]]
        return np.stack(points, axis=-2)

    def same_as(self, other: Markup, shape: bool = True) -> bool:
        """Whether another markup has the same points; with `shape`, also the same mean shape."""
        if (self.num_points, *self.flip) != (other.num_points, *other.flip):
            return False
        ours, theirs = (
            [
                {key: [int(point) for point in group] for key, group in table.items()}
                for table in (markup.parts, markup.boundaries)
            ]
            + [{key: [[int(point) for point in side] for side in sides] for key, sides in markup.eyes.items()}]
            for markup in (self, other)
        )
        return ours == theirs and (not shape or np.allclose(self.mean_shape, other.mean_shape, atol=1e-6))

    def __repr__(self) -> str:
        return f"Markup({self.name!r}, num_points={self.num_points})"


def mirrored_shape(half: Mapping[int, tuple[float, float]], flip: Sequence[int]) -> np.ndarray:
    """Mirrors the points of one half of a face about x = 0."""
    shape = np.full((len(flip), 2), np.nan)
    for index, (x, y) in half.items():
        shape[index] = x, y
        shape[flip[index]] = -x, y
    return shape


def flip_from_pairs(num_points: int, pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Builds a flip permutation from pairs of points to swap; the other points are on the midline."""
    flip = list(range(num_points))
    for a, b in pairs:
        flip[a], flip[b] = b, a
    return tuple(flip)
