"""Exact boundary maps: for pictures, and as the reference of the fast ones that the loss uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import distance_transform_edt


def exact_boundary_maps(
    landmarks: np.ndarray,
    curves: Mapping[str, Sequence[int]],
    size: int,
    scale: float = 0.25,
    sigma: float = 1.0,
    samples: int = 10,
) -> np.ndarray:
    """Draws every boundary curve of a face as a ridge around a cubic spline through its landmarks.

    The spline runs over arc length through all distinct known points (not-a-knot; a parabola through three, a line
    through two), its samples mark pixels, and the value is exp(-D^2 / 2 sigma^2) of the distance D to the nearest.

    Args:
        landmarks: `(N, 2)`, x then y, in pixels of the crop; NaN marks a point that is not annotated.
        curves: Name of each boundary to the ordered indices of its landmarks, as `Markup.boundaries`.
        size: Side of the maps.
        scale: Pixels of a map per pixel of the crop. There is no half-pixel shift, as in LAB's maps.
        sigma: Width of the ridge in pixels of the maps; from 3 sigma on a map is 0.
        samples: Samples of the spline per landmark.

    Returns:
        `(size, size, K)` float64 in 0..1; a boundary with less than two points inside is 0.

    Raises:
        ValueError: If the landmarks are no `(N, 2)` array or `sigma` is not positive.

    Example:

        maps = exact_boundary_maps(landmarks, get_markup("98").boundaries, 64)      # (64, 64, 15)

    Reference: Wu et al., "Look at Boundary" (arXiv 1805.10483), section 3.1.
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 2 or landmarks.shape[1] != 2:
        raise ValueError(f"`landmarks` must be (N, 2). Received: shape {landmarks.shape}")
    if not sigma > 0:
        raise ValueError(f"`sigma` must be positive. Received: sigma={sigma}")
    maps = np.zeros((size, size, len(curves)))
    for index, curve in enumerate(curves.values()):
        spots = np.rint(spline_samples(landmarks[list(curve)] * scale, samples))
        spots = spots[((spots >= 0) & (spots < size)).all(1)].astype(int)
        if len(spots):
            empty = np.ones((size, size), bool)
            empty[spots[:, 1], spots[:, 0]] = False
            distance = np.asarray(distance_transform_edt(empty))
            maps[..., index] = np.where(distance < 3 * sigma, np.exp(-(distance**2) / (2 * sigma**2)), 0.0)
    return maps


def spline_samples(points: np.ndarray, samples: int = 10) -> np.ndarray:
    """Evenly spaced points on the spline through `(L, 2)` points: `samples` per distinct known point, no end point."""
    points = points[np.isfinite(points).all(1)]
    if len(points):
        points = points[np.r_[True, np.linalg.norm(np.diff(points, axis=0), axis=1) >= 1e-3]]
    if len(points) < 2:
        return np.empty((0, 2))
    knots = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    along = np.linspace(0, knots[-1], len(points) * samples, endpoint=False)
    return CubicSpline(knots, points)(along)
