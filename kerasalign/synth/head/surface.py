"""Points on the skin: barycentric points of the mesh, found by their chart coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from kerasalign.synth.head.chart import AXIS
from kerasalign.synth.head.model import HeadModel


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Points fixed to a mesh: each a weighted mean of three vertices.

    Args:
        vertices: `(K, 3)` vertex indices.
        weights: `(K, 3)` float32 that sum to 1.
    """

    vertices: np.ndarray
    weights: np.ndarray

    def on(self, vertices: np.ndarray) -> np.ndarray:
        """Where the points are on a mesh with these `(V, D)` vertices: `(K, D)`."""
        return np.einsum("kc,kcd->kd", self.weights, vertices[self.vertices])


def locate(head: HeadModel, places: np.ndarray) -> SurfacePoints:
    """Finds the surface points at chart coordinates.

    Args:
        head: The head.
        places: `(K, 2)` places in `head.chart`, centimeters.

    Returns:
        K surface points; a place off the skin gets the nearest point of the nearest triangle's middle.
    """
    places = np.asarray(places, "float64").reshape(-1, 2)
    tree, triangles = _triangle_tree(head)
    _, near = tree.query(places, k=min(24, len(triangles)))
    corners = head.chart[triangles[near]].astype("float64")
    a, b, c = corners[:, :, 0], corners[:, :, 1], corners[:, :, 2]
    p = places[:, None]

    def cross(u, v):
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]

    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    weights = np.stack([cross(b - p, c - p), cross(c - p, a - p), cross(a - p, b - p)], -1) / area[..., None]
    best = np.argmax(weights.min(-1), 1)
    rows = np.arange(len(places))
    chosen = np.clip(weights[rows, best], 0, None)
    return SurfacePoints(triangles[near[rows, best]], (chosen / chosen.sum(-1, keepdims=True)).astype("float32"))


def _triangle_tree(head: HeadModel):
    """Middles of the outward-facing triangles of the face in the chart, as a search tree, computed once."""
    return head.derived(_find_triangles)


def _find_triangles(head: HeadModel) -> tuple[cKDTree, np.ndarray]:
    triangles = head.triangles[head.parts["face"]]
    a, b, c = (head.mean[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    middle = (a + b + c) / 3
    outward = normal[:, 0] * middle[:, 0] + normal[:, 2] * (middle[:, 2] - AXIS) > 0
    triangles = triangles[outward]
    return cKDTree(head.chart[triangles].mean(1)), triangles
