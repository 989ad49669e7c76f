"""Eyes: irises, pupils, the white, and lashes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerasalign.synth.mesh import Mesh
from kerasalign.synth.skin import linear
from kerasalign.synth.strands import ribbons

IRISES = (
    np.array([(58, 36, 22), (74, 48, 28), (98, 66, 38), (120, 96, 60), (104, 112, 80), (96, 122, 140), (126, 148, 168)])
    / 255
)


@dataclass(frozen=True)
class Eyes:
    """A pair of eyes.

    Args:
        iris: Linear albedo.
        iris_radius: Centimetres.
        pupil: Radius of the pupil in centimetres.
        sclera: Linear albedo of the white.
        shade: How dark the lids' shadow is, 0..1.
        lashes: Density of the lashes, 0..1.
        lash_length: Centimetres.
        lash_colour: Linear albedo.
    """

    iris: tuple[float, float, float]
    iris_radius: float
    pupil: float
    sclera: tuple[float, float, float]
    shade: float
    lashes: float
    lash_length: float
    lash_colour: tuple[float, float, float]


def draw_eyes(rng: np.random.Generator, darkness: float, feminine: float) -> Eyes:
    """Draws eyes; dark skin goes with dark irises."""
    last = len(IRISES) - 1 if darkness < 0.4 and rng.random() < 0.6 else 2
    place = rng.uniform(0, last)
    low = min(int(place), len(IRISES) - 2)
    iris = IRISES[low] + (place - low) * (IRISES[low + 1] - IRISES[low])
    white = np.array([0.80, 0.76, 0.74]) * rng.uniform(0.75, 1.05) * np.exp(rng.normal(0, 0.02, 3))
    return Eyes(
        iris=tuple(float(v) for v in 0.65 * linear(iris * np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.03, 3)))),
        iris_radius=float(rng.normal(0.6, 0.02)),
        pupil=float(rng.uniform(0.15, 0.34)),
        sclera=tuple(float(v) for v in linear(white)),
        shade=float(rng.uniform(0.7, 1.0)),
        lashes=float(rng.uniform(0.25, 0.8) if feminine > 0.5 else rng.uniform(0.1, 0.45)),
        lash_length=float(rng.uniform(0.4, 0.9) if feminine > 0.5 else rng.uniform(0.3, 0.6)),
        lash_colour=tuple(float(v) for v in np.array([0.012, 0.009, 0.007]) * rng.uniform(0.7, 4)),
    )


def lash_strands(eyes: Eyes, points: np.ndarray, rng: np.random.Generator, camera: np.ndarray) -> Mesh:
    """Lashes along the lids.

    Args:
        eyes: The eyes.
        points: `(68, 3)` landmark vertices, head coordinates.
        rng: Random numbers.
        camera: `(3,)` where the camera is.
    """
    count = int(8 + 50 * eyes.lashes)
    starts, ways = [], []
    lids = (
        (points[36:40], 0.6, 1),
        (points[42:46][::-1], 0.6, 1),
        (points[[36, 41, 40, 39]], -0.6, 0.3),
        (points[[45, 46, 47, 42]], -0.6, 0.3),
    )
    for row, rise, share in lids:
        t = np.sort(rng.uniform(0.02, 0.85, int(count * share)))
        start = np.stack([np.interp(3 * t, np.arange(4), row[:, k]) for k in range(3)], -1)
        # A lid is an arc between its points.
        start[:, 1] += 0.1 * np.sign(rise) * np.sin(3 * np.pi * t) ** 2
        outward = np.sign(row[0, 0] - row[-1, 0]) * (0.9 - 1.3 * t)
        ways.append(
            np.stack([outward, np.full(len(t), rise), np.full(len(t), 0.9)], -1)
            * eyes.lash_length
            * (0.6 if rise < 0 else 1)
        )
        starts.append(start)
    start, way = np.concatenate(starts), np.concatenate(ways) * rng.uniform(0.6, 1.1, (sum(map(len, ways)), 1))
    t = np.linspace(0, 1, 4)[None, :, None]
    paths = start[:, None] + way[:, None] * t
    paths[..., 1] += 0.5 * np.sign(way[:, None, 1]) * (t[..., 0] ** 2 - 0.6 * t[..., 0]) * eyes.lash_length
    colour = np.tile(eyes.lash_colour, (len(start), 1))
    return replace(
        ribbons(paths.astype("float32"), np.full(len(start), 0.035), camera, colour, np.ones(len(start))),
        occludes=False,
    )
