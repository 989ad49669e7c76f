"""Clothes: shoulders and a collar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.geometry.head_pose import head_rotation
from kerasalign.synth.appearance.mesh import CLOTH, Mesh
from kerasalign.synth.appearance.skin import linear, rgb


@dataclass(frozen=True)
class Clothes:
    """Clothes on the shoulders.

    Args:
        color: Linear albedo.
        collar: Height of the collar in head coordinates, centimeters.
        width: Factor of the shoulders.
        pattern: Stripes per radian-centimeter: positive across, negative down, 0 plain.
        turn: Share of the head's rotation that the shoulders do not follow.
    """

    color: tuple[float, float, float]
    collar: float
    width: float
    pattern: float
    turn: float


def draw_clothes(rng: np.random.Generator) -> Clothes:
    """Draws clothes: dark, white, gray, or of a color."""
    color = np.full(3, rng.uniform(0.02, 0.95)) if rng.random() < 0.5 else rng.random(3) * rng.uniform(0.3, 0.95)
    stripes = rng.random()
    pattern = rng.uniform(1, 6) if stripes < 0.12 else -rng.uniform(1, 6) if stripes < 0.24 else 0.0
    return Clothes(
        rgb(linear(color)),
        float(rng.uniform(-14.5, -11.5)),
        float(rng.uniform(0.85, 1.15)),
        float(pattern),
        float(rng.uniform(0, 0.8)),
    )


def shoulders(clothes: Clothes, camera) -> Mesh:
    """The mesh of the shoulders, in head coordinates."""
    top = clothes.collar
    heights = top - np.array([0.0, 0.7, 1.8, 3.2, 5.5, 9, 15, 30])
    across = np.array([6.3, 6.9, 9.0, 13.0, 18.0, 20.5, 21.5, 22.0]) * np.r_[1, 1, np.full(6, clothes.width)]
    along = np.array([5.9, 6.5, 7.6, 8.6, 9.6, 10.5, 11.5, 12.0])
    around = np.linspace(0, 2 * np.pi, 33)[:-1]
    x, z = across[:, None] * np.sin(around), along[:, None] * np.cos(around) - 0.8
    dip = np.where(z > 2, -0.35 * (z - 2), 0) * np.linspace(1, 0, 8)[:, None]
    y = heights[:, None] + dip
    vertices = np.stack([x, y, z], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(7), np.arange(32), indexing="ij")
    a, b = i * 32 + j, i * 32 + (j + 1) % 32
    triangles = np.concatenate(
        [np.stack([a, a + 32, b], -1).reshape(-1, 3), np.stack([b, a + 32, b + 32], -1).reshape(-1, 3)]
    )
    normals = np.stack([x / across[:, None] ** 2, 0.02 + 0 * x, z / along[:, None] ** 2], -1).reshape(-1, 3)
    normals[:, 1] += np.repeat([0.05, 0.1, 0.12, 0.12, 0.06, 0.02, 0, 0], 32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # The head turns on shoulders that stay behind; its neck is theirs at the collar.
    back = head_rotation(-clothes.turn * camera.yaw, 0, 0)
    tilt = head_rotation(0, -clothes.turn * camera.pitch, -clothes.turn * camera.roll)
    pivot = np.array([0, top + 1.0, -0.8])
    vertices, normals = (vertices - pivot) @ (back @ tilt).T + pivot, normals @ (back @ tilt).T
    values = np.stack([vertices[:, 0], vertices[:, 1]], -1)
    return Mesh(vertices, normals, triangles, CLOTH, np.asarray(clothes.color), values, occludes=False)
