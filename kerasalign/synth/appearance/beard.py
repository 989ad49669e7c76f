"""Beards: shadow, stubble, mustaches, goatees and full beards, of any color."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.mesh import Mesh
from kerasalign.synth.appearance.skin import Skin, linear
from kerasalign.synth.appearance.strands import ribbons, roots
from kerasalign.synth.head.model import HeadModel


@dataclass(frozen=True)
class Beard:
    """A beard.

    Args:
        color: Linear albedo.
        gray: Share of gray hairs.
        stubble: Strength of short hairs that are painted.
        length: Of hairs that stand out, centimeters; 0 for none.
        hairs: How many of them.
        cheeks: Height of the upper edge on the cheeks, in centimeters over the mouth; very low is no cheeks.
        mustache: Whether there is hair on the upper lip.
        chin: Whether there is hair on the chin.
        softness: Blur of the edge in centimeters.
    """

    color: tuple[float, float, float]
    gray: float
    stubble: float
    length: float
    hairs: int
    cheeks: float
    mustache: bool
    chin: bool
    softness: float

    def cover(self, marks: np.ndarray) -> np.ndarray:
        """`(H, W)` float32 density of the beard on the canvas, 0..1."""
        mask = canvas.blank()
        mouth, chin, nose = marks[48:60].mean(0), marks[8], marks[33]
        if self.cheeks > -4:
            y = mouth[1] + self.cheeks
            half = [
                (12.6, 4.5),
                (11.2, y + 1.6),
                (9.0, y + 0.5),
                (6.5, y - 0.2),
                (4.3, y - 0.5),
                (3.4, mouth[1] + 0.2),
                (3.2, mouth[1] - 1.2),
                (1.6, mouth[1] - 1.5),
                (0.0, mouth[1] - 1.5),
            ]
            low = [(0.0, -9.4), (6.0, -9.2), (10.5, -7.5), (13.2, -2.0), (13.4, 4.0)]
            right = np.array(half + low)
            canvas.fill(mask, canvas.smooth(right, 60))
            canvas.fill(mask, canvas.smooth(right * [-1, 1], 60))
        if self.mustache:
            y = mouth[1]
            half = [
                (0.0, nose[1] - 0.25),
                (1.2, nose[1] - 0.35),
                (2.5, y + 0.55),
                (3.3, y - 0.3),
                (3.0, y - 1.0),
                (2.75, y - 0.1),
                (1.7, y + 0.6),
                (0.0, y + 0.75),
            ]
            for side in (-1, 1):
                canvas.fill(mask, np.array(half) * [side, 1])
        if self.chin:
            half = [
                (0.0, mouth[1] - 1.1),
                (1.4, mouth[1] - 1.4),
                (2.8, mouth[1] - 0.8),
                (3.4, mouth[1] - 1.5),
                (2.8, chin[1] - 0.2),
                (1.5, chin[1] - 1.2),
                (0.0, chin[1] - 1.5),
            ]
            for side in (-1, 1):
                canvas.fill(mask, np.array(half) * [side, 1])
        return canvas.blurred(mask, self.softness)

    def paint(self, rng: np.random.Generator, marks: np.ndarray, albedo: np.ndarray) -> None:
        """Paints shadow and stubble, in place."""
        cover = self.cover(marks)
        dots = np.clip(0.5 + 3.2 * canvas.noise_patch(rng, 1) + 1.2 * canvas.noise_patch(rng, 2), 0, 1)
        patchy = np.clip(0.8 + 1.2 * canvas.noise_patch(rng, 0, 2), 0, 1)
        alpha = np.clip(cover * self.stubble * patchy * (0.25 + 1.1 * dots), 0, 0.97)
        color = np.asarray(self.color) * (1 - self.gray) + 0.35 * self.gray
        canvas.blend(albedo, alpha, color)

    def hairs_on(
        self, head: HeadModel, vertices: np.ndarray, normals: np.ndarray, rng: np.random.Generator, eye: np.ndarray
    ) -> Mesh | None:
        """The mesh of the hairs that stand out of a face with these vertices and normals."""
        if not self.hairs or self.length <= 0:
            return None
        marks, places = canvas.marks(head), roots(head)
        chart = np.einsum("kc,kcd->kd", places.weights, head.chart[head.triangles[places.triangles]])
        at = canvas.pixels(chart).astype("float32")
        cover = cv2.remap(self.cover(marks), at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR)[0]
        x, y, z = places.points.T
        # The throat shares its places of the chart with the underside of the chin.
        inside = (z > -1.5) & (y < 5) & (y > -9.5) & ((np.abs(x) > 4) | (y > -7.8) | (z > 6))
        candidates = np.flatnonzero(inside & (rng.random(len(cover)) < cover))
        if len(candidates) < 8:
            return None
        chosen = candidates[rng.integers(0, len(candidates), self.hairs)]
        corners = head.triangles[places.triangles[chosen]]
        # Hairs are many more than roots: each starts somewhere else in its triangle.
        weights = rng.dirichlet(np.ones(3), len(chosen)).astype("float32")
        start = np.einsum("kc,kcd->kd", weights, vertices[corners])
        normal = np.einsum("kc,kcd->kd", weights, normals[corners])
        way = 0.55 * normal + np.array([0, -0.85, 0.1]) + rng.normal(0, 0.3, start.shape)
        above = marks[48:60].mean(0)[1] < chart[chosen, 1]
        way[:, 0] += np.where(above & (np.abs(chart[chosen, 0]) < 3.5), np.sign(chart[chosen, 0]) * 0.9, 0)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        length = self.length * rng.uniform(0.5, 1.1, len(chosen)) * np.where(above, 0.55, 1.0)
        t = np.linspace(0, 1, 4)[None, :, None]
        paths = start[:, None] + way[:, None] * t * length[:, None, None]
        paths[..., 1] -= 0.25 * (t[..., 0] * length[:, None]) ** 1.5
        white = rng.random(len(chosen)) < self.gray
        color = np.where(white[:, None], 0.5, np.asarray(self.color)) * np.exp(rng.normal(0, 0.3, (len(chosen), 1)))
        width = np.full(len(chosen), 0.08) * rng.uniform(0.7, 1.5, len(chosen))
        # A chin under a beard is marked on the beard, by people as well.
        hairs = ribbons(paths.astype("float32"), width, eye, color, rng.uniform(0.55, 1.0, len(chosen)))
        return replace(hairs, occludes=False)


def draw_beard(rng: np.random.Generator, hair_color, skin: Skin) -> Beard:
    """Draws a beard: stubble for half of those who have one, then full beards, goatees and mustaches."""
    u = rng.uniform
    kind = rng.random()
    gray = float(np.clip(rng.normal(1.5 * (skin.age - 0.45), 0.3), 0, 1)) if skin.age > 0.35 else 0.0
    color = np.asarray(hair_color) * u(0.5, 1.1)
    if rng.random() < 0.1:
        color = linear(np.array([0.45, 0.27, 0.15])) * u(0.5, 1.2)
    base = {"color": tuple(float(v) for v in color), "gray": gray, "softness": float(u(0.12, 0.5))}
    if kind < 0.5:
        return Beard(
            **base,
            stubble=float(u(0.08, 0.75)),
            length=0.0,
            hairs=0,
            cheeks=float(u(-0.6, 2.2)),
            mustache=True,
            chin=True,
        )
    if kind < 0.78:
        return Beard(
            **base,
            stubble=float(u(0.5, 0.95)),
            length=float(u(0.25, 1.0) if rng.random() < 0.7 else u(1, 6)),
            hairs=int(rng.integers(1800, 4200)),
            cheeks=float(u(-0.6, 1.8)),
            mustache=rng.random() < 0.9,
            chin=True,
        )
    both = rng.random()
    return Beard(
        **base,
        stubble=float(u(0.4, 0.9)),
        length=float(u(0.2, 1.5)),
        hairs=int(rng.integers(500, 1300)),
        cheeks=-9.0,
        mustache=both < 0.75,
        chin=both > 0.35,
    )
