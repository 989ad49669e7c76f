"""Lips, and what people put on them and around the eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.skin import Skin, linear, rgb


@dataclass(frozen=True)
class Makeup:
    """Color of lips, lids and cheeks.

    Args:
        lip_color: Linear albedo.
        lip_softness: Width of the lips' edge in centimeters.
        lip_height: Height of the colored upper and lower lip, as a fraction of that to the head's own points:
            those lie above the edge of the red.
        lip_gloss: Gloss of the lips over the skin's.
        shadow: Strength of eye shadow.
        shadow_color: Linear albedo.
        liner: Strength of the line along the upper lids; the roots of lashes draw one for everybody.
        lower_liner: The same along the lower lids.
        blush: Strength of rouge.
    """

    lip_color: tuple[float, float, float]
    lip_softness: float
    lip_height: tuple[float, float]
    lip_gloss: float
    shadow: float
    shadow_color: tuple[float, float, float]
    liner: float
    lower_liner: float
    blush: float


def draw_makeup(rng: np.random.Generator, skin: Skin) -> Makeup:
    """Draws make-up: none for most, a little or a lot for others; everyone has lips."""
    feminine = skin.feminine > 0.5
    worn = rng.random() < (0.6 if feminine else 0.03)
    base = np.asarray(skin.color)
    if worn and rng.random() < 0.6:
        lip = linear(np.array([rng.uniform(0.5, 0.92), rng.uniform(0.1, 0.5), rng.uniform(0.15, 0.5)]))
        lip = lip * (1 - 0.5 * skin.darkness)
    else:
        lip = base * np.array([rng.uniform(0.72, 1.0), rng.uniform(0.38, 0.7), rng.uniform(0.42, 0.78)])
    shade = base * rng.uniform(0.2, 0.8) if rng.random() < 0.7 else linear(rng.random(3) * 0.7)
    return Makeup(
        lip_color=rgb(lip),
        lip_softness=float(rng.uniform(0.04, 0.16)),
        lip_height=(float(rng.normal(0.80, 0.06)), float(rng.normal(0.95, 0.05))),
        lip_gloss=float(rng.uniform(0, 0.5)),
        shadow=float(rng.uniform(0, 0.75) if worn else 0),
        shadow_color=rgb(shade),
        liner=float(rng.uniform(0.3, 1) if worn else rng.uniform(0.1, 0.5)),
        lower_liner=float(rng.uniform(0, 0.7) if worn else rng.uniform(0, 0.15)),
        blush=float(rng.uniform(0, 0.6) if worn else 0),
    )


def lip_edge(makeup: Makeup, marks: np.ndarray) -> np.ndarray:
    """The outline of the lips' color, in the chart.

    Args:
        makeup: The make-up.
        marks: `(68, 2)` chart places of the head's landmarks.

    Returns:
        `(12, 2)`: places of the outer points of the lips, 48 to 59 of markup 68.
    """
    edge = marks[48:60].copy()
    middle = np.interp(
        edge[:, 0],
        *np.stack([marks[48], marks[[61, 67]].mean(0), marks[[62, 66]].mean(0), marks[[63, 65]].mean(0), marks[54]]).T,
    )
    factor = np.r_[1.0, np.full(5, makeup.lip_height[0]), 1.0, np.full(5, makeup.lip_height[1])]
    edge[:, 1] = middle + factor * (edge[:, 1] - middle)
    return edge


def paint_makeup(rng, makeup: Makeup, marks: np.ndarray, albedo: np.ndarray, gloss: np.ndarray) -> None:
    """Paints lips, eye shadow, liner and rouge into albedo and gloss, in place."""
    edge = lip_edge(makeup, marks)
    mask = canvas.blank()
    canvas.fill(mask, np.concatenate([canvas.smooth(edge[:7], 30), canvas.smooth(edge[[*range(6, 12), 0]], 30)]))
    lips = canvas.blurred(mask, makeup.lip_softness)
    grain = 1 + 0.35 * canvas.noise_patch(rng, 0) + 0.25 * canvas.noise_patch(rng, 2)
    canvas.blend(albedo, lips, np.asarray(makeup.lip_color), grain)
    gloss += makeup.lip_gloss * lips
    lids = canvas.blank()
    for upper, lower in ((marks[36:40], marks[[36, 41, 40, 39]]), (marks[42:46][::-1], marks[[45, 46, 47, 42]])):
        edge = np.array([0, 0.045])
        if makeup.liner > 0.02:
            canvas.stroke(lids, canvas.smooth(upper + edge, 16)[None], 255 * makeup.liner, int(rng.integers(1, 4)))
        if makeup.lower_liner > 0.02:
            canvas.stroke(
                lids, canvas.smooth(lower - edge, 16)[None], 200 * makeup.lower_liner, int(rng.integers(1, 3))
            )
    if makeup.liner > 0.02:
        canvas.blend(albedo, 0.9 * canvas.blurred(lids, 0.05), np.array([0.012, 0.009, 0.008]))
    if makeup.shadow:
        lift = np.array([0, 0.75])
        spot = sum(canvas.gaussian(marks[k : k + 6].mean(0) + lift, (1.8, 0.75)) for k in (36, 42))
        canvas.blend(albedo, (makeup.shadow * np.clip(spot, 0, 1)).astype("float32"), np.asarray(makeup.shadow_color))
    if makeup.blush:
        for side in (-1, 1):
            spot = canvas.gaussian((side * 5.4, 0.6), (1.8, 1.3)) * makeup.blush
            albedo *= (1 - spot[..., None] * np.array([0.0, 0.35, 0.3])).astype("float32")
