"""Paint on a face: blotches, stripes and whole coats of bright colors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.skin import linear, rgb


@dataclass(frozen=True)
class FacePaint:
    """Face paint, as at a carnival or in a stadium.

    Args:
        coat: Cover of the whole face by the first color, 0..1.
        marks: Number of blotches and stripes.
        cover: How much they hide of the skin, 0..1.
        colors: Linear albedos.
    """

    coat: float
    marks: int
    cover: float
    colors: tuple[tuple[float, float, float], ...]


def draw_face_paint(rng: np.random.Generator) -> FacePaint:
    """Draws face paint."""
    colors = [rng.random(3) if rng.random() < 0.7 else np.full(3, rng.uniform(0.02, 0.95)) for _ in range(3)]
    return FacePaint(
        coat=float(rng.uniform(0.4, 0.95) if rng.random() < 0.4 else 0),
        marks=int(rng.integers(1, 12)),
        cover=float(rng.uniform(0.4, 0.95)),
        colors=tuple(rgb(linear(color)) for color in colors),
    )


def paint_face(rng: np.random.Generator, paint: FacePaint, albedo: np.ndarray) -> None:
    """Blends the paint over an albedo, in place."""
    if paint.coat:
        coat = paint.coat * np.clip(canvas.gaussian((0, 1.5), (9, 9)) * 1.6, 0, 1)
        canvas.blend(albedo, coat.astype("float32"), np.asarray(paint.colors[0]))
    for k in range(paint.marks):
        mask = canvas.blank()
        x, y, angle = rng.uniform(-7, 7), rng.uniform(-7, 10), rng.uniform(0, np.pi)
        if rng.random() < 0.5:
            turn = np.linspace(0, 2 * np.pi, 25)[:-1]
            size = rng.uniform(0.4, 2.6) * np.exp(rng.normal(0, 0.2, 24))
            canvas.fill(mask, np.stack([x + size * np.cos(turn), y + size * np.sin(turn)], -1))
        else:
            way = rng.uniform(1, 5) * np.array([np.cos(angle), np.sin(angle)])
            line = np.array([x, y]) + np.linspace(-1, 1, 5)[:, None] * way + rng.normal(0, 0.3, (5, 2))
            canvas.stroke(mask, canvas.smooth(line, 24)[None], 255, int(rng.integers(3, 16)))
        cover = paint.cover * canvas.blurred(mask, rng.uniform(0.02, 0.2))
        canvas.blend(albedo, cover, np.asarray(paint.colors[k % len(paint.colors)]))
