"""Brows: their shape, drawn for every face, and their hairs on the texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.skin import rgb

#: Points along each edge of a brow in `brow_edges`.
EDGE_POINTS = 9


@dataclass(frozen=True)
class Brows:
    """A pair of brows. Lengths are centimeters of the chart.

    Args:
        lift: Height of the middle line above the head's own brow points.
        arch: Height of the bend.
        tilt: Height of the outer end over the inner one, beyond the head's own.
        inner: Offset of the inner ends from the midline, beyond the head's own.
        length: Factor of the length.
        thickness: Full thickness at its widest.
        lean: Difference in height between the two sides.
        hairs: Number of hairs on each side.
        hair_length: Of each hair.
        strength: Darkness of the hairs, 0..1.
        fill: Darkness of what lies under them, 0..1: make-up, or density.
        softness: Blur.
        color: Linear albedo.
    """

    lift: float
    arch: float
    tilt: float
    inner: float
    length: float
    thickness: float
    lean: float
    hairs: int
    hair_length: float
    strength: float
    fill: float
    softness: float
    color: tuple[float, float, float]


def draw_brows(rng: np.random.Generator, hair_color, skin, child: float = 0.0) -> Brows:
    """Draws brows: thin to bushy, faint to made up, at the heights that people have them; an infant's are faint."""
    color = np.asarray(hair_color) * rng.uniform(0.2, 0.8)
    if rng.random() < 0.4:
        color = np.array([0.02, 0.014, 0.01]) * rng.uniform(0.6, 3)
    faint = rng.random() < 0.1
    feminine = skin.feminine > 0.5
    fade = 1 - 0.65 * min(child, 1.0)
    return Brows(
        lift=float(rng.normal(-0.78, 0.26)),
        arch=float(rng.normal(0.12 if feminine else 0.0, 0.14)),
        tilt=float(rng.normal(0.2, 0.22)),
        inner=float(rng.normal(0.05, 0.22)),
        length=float(rng.normal(1.02, 0.06)),
        thickness=float((rng.uniform(0.3, 0.75) if feminine else rng.uniform(0.45, 1.1)) * (1 - 0.3 * min(child, 1.0))),
        lean=float(rng.normal(0, 0.07)),
        hairs=int(rng.integers(60, 330)),
        hair_length=float(rng.uniform(0.3, 0.65)),
        strength=float(rng.uniform(0.1, 0.3) if faint else rng.uniform(0.5, 1.0) * fade),
        fill=float(0 if faint else rng.uniform(0, 0.75) * (rng.random() < 0.7) * fade),
        softness=float(rng.uniform(0.02, 0.09)),
        color=rgb(color),
    )


def brow_edges(brows: Brows, marks: np.ndarray) -> np.ndarray:
    """Upper and lower edges of both brows in the chart.

    Args:
        brows: The brows.
        marks: `(68, 2)` chart places of the head's landmarks.

    Returns:
        `(2, 2, EDGE_POINTS, 2)`: the person's right and left brow; upper and lower edge; points from the outer
        end to the inner end.
    """
    t = np.linspace(0, 1, EDGE_POINTS)
    edges = []
    for side, row in ((-1, marks[17:22]), (1, marks[22:27][::-1])):
        line = canvas.smooth(row, EDGE_POINTS)
        inner = line[-1] + [side * brows.inner, 0]
        line = inner + (line - line[-1]) * [brows.length, 1.0]
        height = brows.lift + side * brows.lean + brows.arch * np.sin(np.pi * np.clip(t * 1.15, 0, 1))
        line[:, 1] += height + brows.tilt * (0.5 - t)
        half = 0.5 * brows.thickness * np.interp(t, [0, 0.15, 0.4, 0.75, 0.95, 1], [0.18, 0.5, 0.85, 1.0, 0.9, 0.7])
        edges.append([line + np.stack([0 * t, half], -1), line - np.stack([0 * t, half], -1)])
    return np.array(edges)


def paint_brows(rng: np.random.Generator, brows: Brows, marks: np.ndarray) -> np.ndarray:
    """`(H, W)` float32 cover of the brows, 0..1."""
    mask = canvas.blank()
    for side, (upper, lower) in zip((-1, 1), brow_edges(brows, marks)):
        if brows.fill:
            canvas.fill(
                mask, np.concatenate([canvas.smooth(upper, 24), canvas.smooth(lower, 24)[::-1]]), 255 * brows.fill * 0.8
            )
        t, across = rng.random(brows.hairs), rng.random(brows.hairs)
        at = t * (EDGE_POINTS - 1)
        i = np.minimum(at.astype(int), EDGE_POINTS - 2)
        f = (at - i)[:, None]
        high, low = (edge[i] * (1 - f) + edge[i + 1] * f for edge in (upper, lower))
        middle = low + (high - low) * across[:, None]
        # Hairs rise at the inner end, lie along the brow in the middle, and meet from above and below.
        angle = np.interp(t, [0, 0.4, 0.8, 1], [-0.35, 0.15, 0.7, 1.25]) + rng.normal(0, 0.18, len(t))
        angle = angle - 0.7 * (across - 0.5)
        way = np.stack([side * np.cos(angle), np.sin(angle)], -1)
        way = way * brows.hair_length * rng.uniform(0.5, 1, (len(t), 1))
        canvas.stroke(mask, np.stack([middle - 0.5 * way, middle + 0.5 * way], 1), 255 * brows.strength)
    return canvas.blurred(mask, brows.softness)
