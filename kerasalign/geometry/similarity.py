"""The similarity transform between two sets of points."""

from __future__ import annotations

import numpy as np

from kerasalign.geometry.affine import about


def estimate_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The least-squares similarity transform (scale, rotation, shift) from `source` to `target`.

    It never mirrors: faces that are mirror images of each other are fitted by the best rotation.

    Args:
        source: `(N, 2)` points; a point that is NaN in either set does not take part.
        target: `(N, 2)` points that they should come to.

    Returns:
        `(2, 3)` float64 map from source to target coordinates.

    Raises:
        ValueError: If the shapes differ, fewer than two points are known in both sets, or the points of a set
            coincide, so that there is no map or none that can be undone.

    Example:

        matrix = estimate_similarity(landmarks, template)
        apply_affine(matrix, landmarks)                    # close to the template

    Reference:
        Umeyama, Least-squares estimation of transformation parameters between two point patterns, PAMI 1991,
        in two dimensions.
    """
    source, target = np.asarray(source, "float64"), np.asarray(target, "float64")
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ValueError(
            f"`source` and `target` must both be (N, 2) points. Received: shapes {source.shape} and {target.shape}"
        )
    known = np.isfinite(source).all(-1) & np.isfinite(target).all(-1)
    if known.sum() < 2:
        raise ValueError(
            f"`source` and `target` must share at least two known points. Received: {int(known.sum())} of {len(source)}"
        )
    source, target = source[known], target[known]
    center, goal = source.mean(0), target.mean(0)
    # In two dimensions points are complex numbers, and turning and scaling them is one multiplication.
    z, w = (source - center) @ (1.0, 1.0j), (target - goal) @ (1.0, 1.0j)
    spread, reach = np.linalg.norm(z), np.linalg.norm(w)
    flat = spread <= 1e-12 * np.abs(source).max() or reach <= 1e-12 * np.abs(target).max()
    factor = 0.0 if flat else np.vdot(z, w) / spread**2
    if abs(factor) * spread <= 1e-9 * reach:
        raise ValueError(
            "`source` and `target` must each be spread out and alike enough to be fitted. "
            f"Received: source={source.tolist()}, target={target.tolist()}"
        )
    return about(center, np.array([[factor.real, -factor.imag], [factor.imag, factor.real]]), goal)
