"""Eyes: irises, pupils, the white, and lashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.head import HeadModel
from kerasalign.synth.skin import linear

IRISES = np.array([(58, 36, 22), (74, 48, 28), (98, 66, 38), (120, 96, 60), (104, 112, 80), (96, 122, 140),
                   (126, 148, 168)]) / 255  # fmt: skip


@dataclass(frozen=True)
class Eyes:
    """A pair of eyes.

    Args:
        iris: Linear albedo.
        iris_radius: Centimetres.
        pupil: Radius of the pupil in centimetres.
        sclera: Linear albedo of the white.
        shade: How dark the lids' shadow is, 0..1.
        lashes: Share of the lashes that is there, 0..1.
        lash_colour: Linear albedo.
    """

    iris: tuple[float, float, float]
    iris_radius: float
    pupil: float
    sclera: tuple[float, float, float]
    shade: float
    lashes: float
    lash_colour: tuple[float, float, float]


def draw_eyes(rng: np.random.Generator, darkness: float, feminine: float) -> Eyes:
    """Draws eyes; dark skin goes with dark irises."""
    last = len(IRISES) - 1 if darkness < 0.4 and rng.random() < 0.6 else 2
    place = rng.uniform(0, last)
    low = min(int(place), len(IRISES) - 2)
    iris = IRISES[low] + (place - low) * (IRISES[low + 1] - IRISES[low])
    white = np.array([0.84, 0.80, 0.78]) * rng.uniform(0.8, 1.05) * np.exp(rng.normal(0, 0.02, 3))
    return Eyes(
        iris=tuple(float(v) for v in linear(iris * np.exp(rng.normal(0, 0.08, 3)))),
        iris_radius=float(rng.normal(0.6, 0.02)), pupil=float(rng.uniform(0.15, 0.34)),
        sclera=tuple(float(v) for v in linear(white)), shade=float(rng.uniform(0.55, 1.0)),
        lashes=float(rng.uniform(0.2, 0.7) if feminine > 0.5 else rng.uniform(0.03, 0.3)),
        lash_colour=tuple(float(v) for v in np.array([0.012, 0.009, 0.007]) * rng.uniform(0.7, 4)),
    )  # fmt: skip


def lashes_left_out(head: HeadModel, rng: np.random.Generator, share: float) -> np.ndarray:
    """`(T,)` bool: lash triangles that are not drawn, so that `share` of them is left, in bunches."""
    out = np.zeros(len(head.triangles), bool)
    if "lashes" in head.parts:
        triangles = head.parts["lashes"]
        middle = head.mean[head.triangles[triangles]].mean(1)
        bunch = np.floor(middle[:, 0] * 30).astype(int) % 256
        # Lower lashes are few and short.
        lower = middle[:, 1] < head.eyes[:, 1].mean() - 0.15
        out[triangles] = rng.random(256)[bunch] >= share * np.where(lower, 0.15, 1.0)
    return out
