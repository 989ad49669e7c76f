"""Affine maps of the plane as `(2, 3)` float64 matrices acting on `(x, y)`.

Integer coordinates are pixel centers: pixel (0, 0) covers [-0.5, 0.5) x [-0.5, 0.5).
"""

from __future__ import annotations

import numpy as np


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Maps `(..., N, 2)` points by a `(2, 3)` or `(..., 2, 3)` matrix; NaN stays NaN."""
    matrix = np.asarray(matrix, "float64")
    points = np.asarray(points, "float64")
    return points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


def compose(*matrices: np.ndarray) -> np.ndarray:
    """One matrix for several maps, applied in the given order."""
    if not matrices:
        return np.eye(2, 3)
    total = np.array(matrices[0], "float64")
    for matrix in matrices[1:]:
        matrix = np.asarray(matrix, "float64")
        total = matrix[:, :2] @ total
        total[:, 2] += matrix[:, 2]
    return total


def invert(matrix: np.ndarray) -> np.ndarray:
    """The inverse map.

    Raises:
        ValueError: If the map is singular.
    """
    matrix = np.asarray(matrix, "float64")
    if abs(np.linalg.det(matrix[:, :2])) < 1e-12:
        raise ValueError(f"`matrix` must be invertible. Received: matrix={matrix.tolist()}")
    linear = np.linalg.inv(matrix[:, :2])
    return _matrix(linear, -linear @ matrix[:, 2])


def about(center: np.ndarray, linear: np.ndarray, target: np.ndarray | None = None) -> np.ndarray:
    """The map `p -> linear (p - center) + target`; `target` defaults to `center`."""
    center = np.asarray(center, "float64")
    target = center if target is None else np.asarray(target, "float64")
    linear = np.asarray(linear, "float64")
    return _matrix(linear, target - linear @ center)


def rotation(degrees: float) -> np.ndarray:
    """`(2, 2)` rotation; positive turns x towards y, which is clockwise in an image."""
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def resize_matrix(source: tuple[int, int], target: tuple[int, int]) -> np.ndarray:
    """The map of resizing an image from one `(width, height)` to another: u becomes (u + 0.5) s - 0.5."""
    sx, sy = target[0] / source[0], target[1] / source[1]
    return np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5]])


def scale_of(matrix: np.ndarray) -> float:
    """Geometric mean scale of a map: the square root of its absolute determinant."""
    return float(np.sqrt(abs(np.linalg.det(np.asarray(matrix)[:, :2]))))


def _matrix(linear: np.ndarray, shift: np.ndarray) -> np.ndarray:
    # Augmentation makes several of these per face: filling is quicker than stacking.
    matrix = np.empty((2, 3))
    matrix[:, :2] = linear
    matrix[:, 2] = shift
    return matrix
