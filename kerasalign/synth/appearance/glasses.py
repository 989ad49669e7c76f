"""Glasses: frames of many shapes, clear lenses that reflect, and sunglasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance.mesh import PLAIN, Mesh
from kerasalign.synth.appearance.skin import linear, rgb
from kerasalign.synth.appearance.tubes import tube

COLORS = (
    np.array(
        [
            (10, 10, 10),
            (28, 24, 22),
            (84, 52, 32),
            (150, 122, 66),
            (178, 178, 184),
            (116, 24, 24),
            (26, 44, 92),
            (226, 222, 214),
        ]
    )
    / 255
)


@dataclass(frozen=True)
class Glasses:
    """A pair of glasses. Lengths are centimeters, or fractions of the distance between the eyes where they say so.

    Args:
        width: Half width of a lens over the distance between the eyes.
        height: Half height of a lens over its half width.
        corner: Exponent of the outline: 2 is round, more is square.
        thickness: Radius of the frame; 0 for none.
        upper: Whether only the upper half has a frame.
        drop: How far the lenses' middles lie below the eyes.
        away: Distance from the eyes.
        color: Linear albedo of the frame.
        lens: Linear color of the lenses.
        opacity: Share of the light that they stop.
        mirror: How much they reflect.
    """

    width: float
    height: float
    corner: float
    thickness: float
    upper: bool
    drop: float
    away: float
    color: tuple[float, float, float]
    lens: tuple[float, float, float]
    opacity: float
    mirror: float


def draw_glasses(rng: np.random.Generator) -> Glasses:
    """Draws glasses; three in ten are dark."""
    u = rng.uniform
    dark = rng.random() < 0.3
    color = COLORS[rng.integers(len(COLORS))] * np.exp(rng.normal(0, 0.15, 3))
    lens = rng.random(3) * 0.08 if dark else rng.uniform(0.5, 0.9, 3)
    return Glasses(
        width=float(u(0.33, 0.45) * (1.06 if dark else 1)),
        height=float(u(0.55, 0.95)),
        corner=float(u(2.0, 4.5)),
        thickness=float(u(0.04, 0.09) if rng.random() < 0.5 else u(0.1, 0.28)),
        upper=bool(rng.random() < 0.12),
        drop=float(u(-0.1, 0.5)),
        away=float(u(0.7, 1.5)),
        color=rgb(linear(color)),
        lens=rgb(lens),
        opacity=float(u(0.6, 0.99) if dark else u(0.0, 0.14)),
        mirror=float(u(0.05, 1.0) ** 2),
    )


def frame_and_lenses(glasses: Glasses, eyes: np.ndarray, bridge: np.ndarray, ears: np.ndarray) -> tuple[Mesh, Mesh]:
    """Meshes of a pair of glasses.

    Args:
        glasses: The glasses.
        eyes: `(2, 3)` middles of the right and left eye opening, head coordinates.
        bridge: `(3,)` top of the nose.
        ears: `(2, 3)` where the temples rest.

    Returns:
        The frame, and the lenses.
    """
    apart = np.linalg.norm(eyes[1] - eyes[0])
    half = np.array([glasses.width * apart, glasses.width * glasses.height * apart])
    plane = max(eyes[:, 2].max() + 0.5, bridge[2] - 0.4) + glasses.away - 0.3
    around = np.linspace(0, 2 * np.pi, 41)[:-1]
    x = np.sign(np.cos(around)) * np.abs(np.cos(around)) ** (2 / glasses.corner) * half[0]
    y = np.sign(np.sin(around)) * np.abs(np.sin(around)) ** (2 / glasses.corner) * half[1]
    bars, rings = [], []
    for side, eye in zip((-1, 1), eyes):
        middle = eye[0] + side * 0.08 * apart
        # Lenses bend around the face, and their lower edge is nearer to it.
        ring = np.stack([x + middle, y + eye[1] - glasses.drop, 0 * x], -1)
        ring[:, 2] = plane - 0.018 * ring[:, 0] ** 2 + 0.05 * y
        rings.append(ring)
        if glasses.thickness:
            part = ring[:21] if glasses.upper else ring
            bars.append(tube(part, max(glasses.thickness, 0.04), 6, closed=not glasses.upper))
        outer = ring[np.argmax(side * ring[:, 0])] + [0, 0.35 * half[1], 0]
        ear = ears[0 if side < 0 else 1]
        hinge, hook = np.array([side * 0.35, 0, -0.6]), np.array([side * 0.4, 0.3, 0.5])
        arm = np.stack([outer, outer + hinge, ear + hook])
        bars.append(tube(arm, max(0.6 * glasses.thickness, 0.07), 6))
    inner = [rings[0][np.argmax(rings[0][:, 0])], rings[1][np.argmin(rings[1][:, 0])]]
    rise = np.array([0, 0.35 * half[1], 0])
    bars.append(
        tube(
            np.stack([inner[0] + rise, np.mean(inner, 0) + rise + [0, 0.15, 0.2], inner[1] + rise]),
            max(glasses.thickness, 0.05),
            6,
        )
    )
    offset, vertices, normals, triangles = 0, [], [], []
    for v, n, t in bars:
        vertices.append(v)
        normals.append(n)
        triangles.append(t + offset)
        offset += len(v)
    count = sum(map(len, vertices))
    frame = Mesh(
        np.concatenate(vertices),
        np.concatenate(normals),
        np.concatenate(triangles),
        PLAIN,
        np.asarray(glasses.color),
        np.tile([0.5, 0.0], (count, 1)),
    )
    return frame, _lenses(glasses, rings)


def _lenses(glasses: Glasses, rings) -> Mesh:
    """The mesh of both lenses, two convex discs."""
    vertices, normals, triangles = [], [], []
    for k, ring in enumerate(rings):
        middle = ring.mean(0)
        points = np.concatenate([ring, (middle + np.array([0, 0, 0.12]))[None]])
        normal = np.tile([0, 0.03, 1.0], (len(points), 1))
        normal[:, :2] += 0.1 * (points - middle)[:, :2]
        around = np.arange(len(ring))
        fan = np.stack([around, np.roll(around, -1), np.full(len(ring), len(ring))], -1)
        vertices.append(points)
        normals.append(normal / np.linalg.norm(normal, axis=1, keepdims=True))
        triangles.append(fan + k * len(points))
    points = np.concatenate(vertices)
    return Mesh(
        points,
        np.concatenate(normals),
        np.concatenate(triangles),
        PLAIN,
        np.asarray(glasses.lens),
        np.zeros((len(points), 2)),
    )
