"""Round bars along paths: frames of glasses, fingers, stems of microphones."""

from __future__ import annotations

import numpy as np


def tube(path: np.ndarray, radius, sides: int = 8, closed: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, normals and triangles of a bar.

    Args:
        path: `(K, 3)` points of its axis.
        radius: One radius, or `(K,)`; 0 at an end closes it.
        sides: Corners of the cross-section.
        closed: Whether the last point joins the first.
    """
    path = np.asarray(path, "float64")
    count = len(path)
    along = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    helper = np.array([0, 0.02, 1.0]) if np.abs(along[:, 2]).mean() < 0.7 else np.array([0, 1.0, 0.02])
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(along, first)
    angle = np.arange(sides) * 2 * np.pi / sides
    normals = first[:, None] * np.cos(angle)[:, None] + second[:, None] * np.sin(angle)[:, None]
    vertices = path[:, None] + normals * np.broadcast_to(radius, count)[:, None, None]
    i, j = np.meshgrid(np.arange(count if closed else count - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    c, d = (i + 1) % count * sides + j, (i + 1) % count * sides + (j + 1) % sides
    triangles = np.concatenate([np.stack([a, c, d], -1).reshape(-1, 3), np.stack([a, d, b], -1).reshape(-1, 3)])
    return vertices.reshape(-1, 3), normals.reshape(-1, 3), triangles


def finger(path: np.ndarray, radius: float, sides: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A bar with a round tip at its first point, slimmer there."""
    path = np.asarray(path, "float64")
    way = path[0] - path[1]
    way /= np.linalg.norm(way)
    bend = np.linspace(0, np.pi / 2, 5)[1:]
    cap = path[0] + way * (radius * 0.85 * np.sin(bend))[::-1, None]
    sizes = np.concatenate([radius * 0.85 * np.cos(bend)[::-1], radius * np.linspace(0.85, 1.1, len(path))])
    return tube(np.concatenate([cap, path]), sizes, sides)
