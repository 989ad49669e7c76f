"""The chart: the head unrolled along a cylinder, where paint and hair are placed."""

from __future__ import annotations

import numpy as np

#: Radius in centimeters of the cylinder, and where its axis lies in z.
RADIUS, AXIS = 9.5, 1.0


def unroll(points: np.ndarray) -> np.ndarray:
    """`(..., 3)` points of a mean head in centimeters to `(..., 2)` places in the chart, float32."""
    angle = np.arctan2(points[..., 0], points[..., 2] - AXIS)
    return np.stack([RADIUS * angle, points[..., 1]], -1).astype("float32")
