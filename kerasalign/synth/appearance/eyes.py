"""Eyes: irises, pupils, the white, and lashes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerasalign.synth.appearance.mesh import Mesh
from kerasalign.synth.appearance.skin import linear, rgb
from kerasalign.synth.appearance.strands import ribbons
from kerasalign.synth.head.edges import face_edges
from kerasalign.synth.head.model import HeadModel

IRISES = (
    np.array([(58, 36, 22), (74, 48, 28), (98, 66, 38), (120, 96, 60), (104, 112, 80), (96, 122, 140), (126, 148, 168)])
    / 255
)


@dataclass(frozen=True)
class Eyes:
    """A pair of eyes.

    Args:
        iris: Linear albedo.
        iris_radius: Centimeters.
        pupil: Radius of the pupil in centimeters.
        sclera: Linear albedo of the white.
        shade: How dark the lids' shadow is, 0..1.
        lashes: Density of the lashes, 0..1.
        lash_length: Centimeters.
        lash_color: Linear albedo.
    """

    iris: tuple[float, float, float]
    iris_radius: float
    pupil: float
    sclera: tuple[float, float, float]
    shade: float
    lashes: float
    lash_length: float
    lash_color: tuple[float, float, float]


def draw_eyes(rng: np.random.Generator, darkness: float, feminine: float) -> Eyes:
    """Draws eyes; dark skin goes with dark irises."""
    last = len(IRISES) - 1 if darkness < 0.4 and rng.random() < 0.6 else 2
    place = rng.uniform(0, last)
    low = min(int(place), len(IRISES) - 2)
    iris = IRISES[low] + (place - low) * (IRISES[low + 1] - IRISES[low])
    white = np.array([0.80, 0.76, 0.74]) * rng.uniform(0.75, 1.05) * np.exp(rng.normal(0, 0.02, 3))
    return Eyes(
        iris=rgb(0.65 * linear(iris * np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.03, 3)))),
        iris_radius=float(rng.normal(0.6, 0.02)),
        pupil=float(rng.uniform(0.15, 0.34)),
        sclera=rgb(linear(white)),
        shade=float(rng.uniform(0.7, 1.0)),
        lashes=float(rng.uniform(0.25, 0.8) if feminine > 0.5 else rng.uniform(0.1, 0.45)),
        lash_length=float(rng.uniform(0.4, 0.9) if feminine > 0.5 else rng.uniform(0.3, 0.6)),
        lash_color=rgb(np.array([0.012, 0.009, 0.007]) * rng.uniform(0.7, 4)),
    )


def lash_strands(eyes: Eyes, head: HeadModel, shape: np.ndarray, rng: np.random.Generator, camera: np.ndarray) -> Mesh:
    """Lashes along the lids; those of a shut eye hang down.

    Args:
        eyes: The eyes.
        head: The head.
        shape: `(V, 3)` its vertices, head coordinates.
        rng: Random numbers.
        camera: `(3,)` where the camera is.
    """
    count = int(14 + 80 * eyes.lashes)
    starts, ways = [], []
    for name, side in (("eye_right", -1), ("eye_left", 1)):
        edges = face_edges(head)[name]
        rows = [shape[chain][::-side] for chain in (edges.upper, edges.lower)]
        width = abs(rows[0][0, 0] - rows[0][-1, 0])
        opening = (rows[0][:, 1].max() - rows[1][:, 1].min()) / max(width, 1e-6)
        # From level above a shut eye up to steep above an open one.
        lift = float(np.interp(opening, [0.05, 0.35], [-0.7, 0.6]))
        for row, rise, share, size in ((rows[0], lift, 1.0, 1.0), (rows[1], -0.55, 0.35, 0.5)):
            t = np.sort(rng.uniform(0.03, 0.82, int(count * share)))
            place = t * (len(row) - 1)
            start = np.stack([np.interp(place, np.arange(len(row)), row[:, k]) for k in range(3)], -1)
            outward = side * (0.9 - 1.3 * t)
            starts.append(start)
            ways.append(np.stack([outward, np.full(len(t), rise), np.full(len(t), 0.9)], -1) * eyes.lash_length * size)
    start, way = np.concatenate(starts), np.concatenate(ways) * rng.uniform(0.6, 1.1, (sum(map(len, ways)), 1))
    t = np.linspace(0, 1, 4)[None, :, None]
    paths = start[:, None] + way[:, None] * t
    paths[..., 1] += 0.5 * np.sign(way[:, None, 1]) * (t[..., 0] ** 2 - 0.6 * t[..., 0]) * eyes.lash_length
    color = np.tile(eyes.lash_color, (len(start), 1))
    return replace(
        ribbons(paths.astype("float32"), np.full(len(start), 0.024), camera, color, np.ones(len(start))),
        occludes=False,
    )
