"""Hats: caps with visors, beanies, brimmed hats, and scarves that leave the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from kerasalign.synth.appearance.mesh import CLOTH, Mesh
from kerasalign.synth.appearance.skin import Skin, linear, rgb
from kerasalign.synth.head.model import HeadModel

KINDS = ("beanie", "cap", "brim", "scarf")
_CENTER = np.array([0.0, 5.0, -0.5])


@dataclass(frozen=True)
class Headwear:
    """A hat. Lengths are centimeters.

    Args:
        kind: One of `KINDS`.
        color: Linear albedo.
        front: Height of its edge over the forehead.
        side: Height at the temples.
        back: Height at the back.
        gap: Distance from the head.
        bulge: Extra height on top.
        brim: Reach of the visor or brim.
        droop: How far that hangs down at its end.
    """

    kind: str
    color: tuple[float, float, float]
    front: float
    side: float
    back: float
    gap: float
    bulge: float
    brim: float
    droop: float

    def edge(self, points: np.ndarray) -> np.ndarray:
        """Height of the edge in the direction of `(K, 3)` points around the mean head."""
        angle = np.abs(np.arctan2(points[:, 0], points[:, 2] - _CENTER[2]))
        return np.interp(
            angle,
            [0, 0.6, 1.4, 2.2, np.pi],
            [self.front, self.front - 0.3, self.side, 0.5 * (self.side + self.back), self.back],
        )


def draw_headwear(rng: np.random.Generator, skin: Skin) -> Headwear:
    """Draws a hat."""
    u = rng.uniform
    kind = str(rng.choice(KINDS, p=(0.25, 0.2, 0.15, 0.4) if skin.feminine > 0.5 else (0.32, 0.42, 0.18, 0.08)))
    color = np.full(3, u(0.02, 0.9)) if rng.random() < 0.5 else rng.random(3) * u(0.3, 0.95)
    return Headwear(
        kind=kind,
        color=rgb(linear(color)),
        front=float(u(7.4, 9.8)),
        side=float(u(5.6, 7.6)),
        back=float(u(0.5, 5.0)),
        gap=float(u(0.6, 1.2)),
        bulge=float(u(0, 2.5) if kind != "scarf" else u(0, 0.5)),
        brim=float(u(4.5, 7.5) if kind == "cap" else u(4, 10)),
        droop=float(u(-0.5, 2.5)),
    )


def _radius(head: HeadModel, ways: np.ndarray) -> np.ndarray:
    """Distance from the middle of the skull to its skin in unit directions."""
    tree, length = head.derived(_skull_rays)
    return length[tree.query(ways, k=8)[1]].mean(-1)


def _skull_rays(head: HeadModel) -> tuple[cKDTree, np.ndarray]:
    """Unit directions from the middle of the skull to its skin as a search tree, and their lengths."""
    outside = np.concatenate([head.parts[name] for name in ("face", "head") if name in head.parts])
    rays = head.mean[np.unique(head.triangles[outside])] - _CENTER
    length = np.linalg.norm(rays, axis=1)
    return cKDTree(rays / length[:, None]), length


def hat(head: HeadModel, headwear: Headwear, warp) -> Mesh:
    """The mesh of a hat on a head; `warp` maps points around the mean head to points around this one."""
    columns = 56
    around = np.linspace(-np.pi, np.pi, columns + 1)[:-1]
    flat = np.stack([np.sin(around), 0 * around, np.cos(around)], -1)
    edge = headwear.edge(flat * 8 + _CENTER)
    if headwear.kind == "scarf":
        # It frames the face from the forehead to below the chin.
        low = np.clip((np.abs(around) - 0.75) / 0.3, 0, 1)
        edge = edge * (1 - low) + -13.0 * low
    low = np.arctan2(edge - _CENTER[1], 7.2)
    rows = np.linspace(0, 1, 18 if headwear.kind != "scarf" else 30)
    up = low[None] + (np.pi / 2 - 0.02 - low[None]) * rows[:, None]
    ways = np.stack([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], -1)
    size = _radius(head, ways.reshape(-1, 3)).reshape(up.shape)
    if headwear.kind == "scarf":
        size = np.maximum(size, np.where(up < -0.3, 8.6 / np.maximum(np.cos(up), 0.35), 0))
    points = _CENTER + ways * (size + headwear.gap)[..., None]
    points[..., 1] += headwear.bulge * np.clip((points[..., 1] - 9) / 5, 0, 1)
    parts = [points]
    if headwear.kind in ("cap", "brim"):
        reach = headwear.brim * (
            np.clip(1.25 * np.cos(np.clip(around * 1.5, -np.pi / 2, np.pi / 2)), 0, 1)
            if headwear.kind == "cap"
            else np.ones(columns)
        )
        steps = np.linspace(0, 1, 6)
        rim = points[0] + 0.15 * (points[0] - _CENTER) * [1, 0, 1] / 8
        brim = rim[None] + steps[:, None, None] * reach[None, :, None] * flat[None]
        brim[..., 1] -= (steps[:, None] ** 1.6) * headwear.droop * reach[None] / headwear.brim
        parts.append(brim)
    if headwear.kind == "scarf":
        # Folds around the neck.
        rows = np.linspace(0, 1, 8)[:, None]
        wide = 7.4 + 2.2 * np.sin(np.pi * rows) + 0.4 * np.sin(5 * around)[None]
        down = -8.9 - 6.5 * rows + 0 * around
        parts.append(np.stack([wide * np.sin(around), down, wide * 0.92 * np.cos(around) - 0.3], -1))
    vertices, normals, triangles, offset = [], [], [], 0
    for part in parts:
        along = np.roll(part, -1, 1) - np.roll(part, 1, 1)
        normal = np.cross(along, np.gradient(part, axis=0))
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
        i, j = np.meshgrid(np.arange(len(part) - 1), np.arange(columns), indexing="ij")
        a, b = i * columns + j, i * columns + (j + 1) % columns
        triangles += [
            np.stack([a, b, a + columns], -1).reshape(-1, 3) + offset,
            np.stack([b, b + columns, a + columns], -1).reshape(-1, 3) + offset,
        ]
        vertices.append(part.reshape(-1, 3))
        normals.append(normal.reshape(-1, 3))
        offset += normal.shape[0] * columns
    points = np.concatenate(vertices)
    return Mesh(
        warp(points),
        np.concatenate(normals),
        np.concatenate(triangles),
        CLOTH,
        np.asarray(headwear.color),
        points[:, :2],
    )
