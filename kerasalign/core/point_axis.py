"""Weights with an axis of landmarks, and what they become for other landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PointAxis:
    """Which axis of a weight belongs to the points, and how they lie on it.

    Args:
        axis: The axis, from the end: -1 for outputs and biases, -2 for the inputs of a kernel.
        per_point: Numbers of each point there; those of one point follow each other.
        before: Numbers on the axis before the first point.
        after: Numbers behind the last point.
        linear: Whether outputs are linear in the points, so that a new point may be a mean of old ones; otherwise it
            takes the weights of the nearest.
        unit: For biases of linear outputs that are coordinates in the crop: numbers per pixel; 0 for displacements.
        of: `"points"`, or `"boundaries"`: the axis holds boundary curves.
    """

    axis: int = -1
    per_point: int = 1
    before: int = 0
    after: int = 0
    linear: bool = False
    unit: float = 0.0
    of: str = "points"

    def mapped(self, old: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
        """The weight for other points; `None` where this weight has no such axis.

        Args:
            old: The old weight.
            matrix: `(N, O)` new points as weighted means of old ones.
            shape: Shape of the new weight.
        """
        new_count, old_count = matrix.shape
        if old.ndim < -self.axis or old.shape[self.axis] != self.before + old_count * self.per_point + self.after:
            return None
        moved = np.moveaxis(old, self.axis, -1)
        end = moved.shape[-1] - self.after
        start, points, rest = moved[..., : self.before], moved[..., self.before : end], moved[..., end:]
        grouped = points.reshape(*points.shape[:-1], old_count, self.per_point)
        mixed = np.einsum("no,...op->...np", matrix, grouped)
        if self.axis != -1:
            # Inputs are summed: as many as before must not weigh more.
            mixed = mixed * (old_count / new_count)
        flat = mixed.reshape(*mixed.shape[:-2], new_count * self.per_point)
        new = np.moveaxis(np.concatenate([start, flat, rest], -1), -1, self.axis)
        return new if new.shape == shape else None
