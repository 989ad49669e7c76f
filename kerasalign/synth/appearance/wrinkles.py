"""Folds of age and of expression: grooves pressed into the skin, with their shade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance import canvas


@dataclass(frozen=True)
class Wrinkles:
    """Depths of the folds, 0..1.

    Args:
        nasolabial: From the wings of the nose past the corners of the mouth.
        forehead: Lines across the forehead.
        frown: Between the brows.
        crow: At the outer corners of the eyes.
        bags: Under the eyes.
        lid: Crease of the upper lid.
        mouth: From the corners of the mouth down.
        width: Width of a groove in centimeters.
    """

    nasolabial: float
    forehead: float
    frown: float
    crow: float
    bags: float
    lid: float
    mouth: float
    width: float


def draw_wrinkles(rng: np.random.Generator, age: float, expression: dict[str, float]) -> Wrinkles:
    """Draws folds: deeper with age, and where the expression bunches the skin."""

    def move(name: str) -> float:
        return max((value for key, value in expression.items() if key.startswith(name)), default=0.0)

    def depth(old: float, now: float = 0.0) -> float:
        return float(np.clip(rng.uniform(0, 1) * old * max(age - 0.1, 0) + now * rng.uniform(0, 0.5 + 0.5 * age), 0, 1))

    return Wrinkles(
        nasolabial=depth(1.0, 0.6 * move("mouthSmile")),
        forehead=depth(1.1, 0.8 * move("browInnerUp")),
        frown=depth(0.9, 0.9 * move("browDown")),
        crow=depth(1.1, 0.5 * move("cheekSquint")),
        bags=depth(1.1, 0.1),
        lid=float(rng.uniform(0, 1)),
        mouth=depth(0.9, 0.4 * move("mouthFrown")),
        width=float(rng.uniform(0.06, 0.14)),
    )


def paint_wrinkles(rng: np.random.Generator, wrinkles: Wrinkles, marks: np.ndarray) -> np.ndarray:
    """`(H, W)` float32 depth of the grooves, 0..1."""
    w = wrinkles
    mask = canvas.blank()

    def line(points, depth: float, thick: int = 1) -> None:
        if depth > 0.03:
            points = np.asarray(points, "float64") + rng.normal(0, 0.07, (len(points), 2))
            canvas.stroke(mask, canvas.smooth(points, 20)[None], min(255, 40 + 230 * depth), thick)

    forehead = marks[19:25, 1].mean()
    for k in range(int(rng.integers(1, 6))):
        y = forehead + 0.9 + 0.75 * k + rng.normal(0, 0.12)
        reach = rng.uniform(2.5, 5.5)
        line(
            [(-reach, y - 0.3), (-reach / 2, y + 0.1), (0, y - 0.15), (reach / 2, y + 0.1), (reach, y - 0.3)],
            w.forehead * rng.uniform(0.4, 1),
        )
    for side, wing, corner, outer, inner in ((-1, 31, 48, 36, 39), (1, 35, 54, 45, 42)):

        def near(point, out: float, up: float, side=side):
            """A point beside another, by offsets outwards and up."""
            return point[0] + side * out, point[1] + up

        a, b, e, n = marks[wing], marks[corner], marks[outer], marks[inner]
        m = (n + e) / 2
        line(
            [near(a, 0.5, 0.7), near(a, 1.3, -0.4), near(b, 0.9, 0.6), near(b, 1.1, -0.5)],
            w.nasolabial,
            int(rng.integers(1, 4)),
        )
        line([near(b, 0.3, -0.1), near(b, 0.6, -1.0), near(b, 0.5, -1.9)], w.mouth)
        for k in range(int(rng.integers(2, 5))):
            rise = 0.35 - 0.33 * k
            line(
                [near(e, 0.45, 0.6 * rise), near(e, 1.1, 1.6 * rise), near(e, 1.7, 2.2 * rise)],
                w.crow * rng.uniform(0.4, 1),
            )
        line([near(n, 0.2, -0.45), near(m, 0, -1.15), near(e, -0.2, -0.75)], w.bags, 2)
        line(
            [near(n, 0.25, 0.45), near(m, -0.2, 0.95), near(m, 0.7, 0.9), near(e, 0.15, 0.3)],
            0.75 * w.lid,
            int(rng.integers(1, 3)),
        )
        bridge = marks[27]
        line([near(bridge, 0.55, 1.0), near(bridge, 0.5, 2.2)], w.frown)
    return canvas.blurred(mask, w.width)
