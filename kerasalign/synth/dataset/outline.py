"""Jaw points: on the visible outline (2D convention), or fixed to the head (3D convention)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance.canvas import marks
from kerasalign.synth.head.definition import Definition
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.surface import SurfacePoints, locate
from kerasalign.synth.rendering.camera import Camera, View, fitted

#: Outward directions of the 17 jaw points in a frontal picture, degrees from x, counter-clockwise.
_OUTWARD = np.deg2rad([180, 180, 183, 190, 203, 222, 243, 258, 270, 282, 297, 318, 337, 350, 357, 360, 360])
#: Places tried for a jaw point, as fractions of the way to the middle of the face; below 0 is beyond the jaw.
_LOW, _HIGH = np.linspace(-0.1, 0.55, 14), np.linspace(0.0, 0.62, 14)
_PLACES = len(_LOW)


def triples(view: View, points: np.ndarray) -> np.ndarray:
    """Head coordinates to `(K, 3)`: x and y in pixels, and centimeters in front of the camera."""
    posed = view.posed(points)
    return np.concatenate([view.project(posed), -posed[:, 2:]], -1).astype("float64")


@dataclass(frozen=True, eq=False)
class Spacing:
    """Which candidates form the outline, and the positions of the jaw points between them.

    Args:
        chosen: `(17,)` candidate of each jaw point, before they are spaced.
        start: `(17,)` the chosen point before each spaced one; `start + 1` is the one behind it.
        share: `(17,)` how far it lies towards the one behind.
    """

    chosen: np.ndarray
    start: np.ndarray
    share: np.ndarray

    def of(self, candidates: np.ndarray) -> np.ndarray:
        """`(17, 14, D)` candidates to `(17, D)` jaw points."""
        line = candidates[np.arange(17), self.chosen]
        # On the curve through the chosen points (Catmull-Rom): its chords lie inside of the face.
        before, a, b, after = (line[np.clip(self.start + k, 0, 16)] for k in (-1, 0, 1, 2))
        t = self.share[:, None]
        bend = (b - before) * t + (2 * before - 5 * a + 4 * b - after) * t**2 + (3 * a - before - 3 * b + after) * t**3
        return a + 0.5 * bend


def candidates(head: HeadModel, definition: Definition) -> SurfacePoints:
    """Fourteen candidates for each jaw point, from beyond the jaw towards the middle of the face."""
    base = marks(head)[:17] + definition.offsets[:17]
    middle = np.array([0.0, marks(head)[33, 1]])
    places = np.empty((17, _PLACES, 2))
    for i, place in enumerate(base):
        sideways = i < 3 or i > 13
        way = np.array([-place[0], 0.0]) if sideways else middle - place
        places[i] = place + (_HIGH if sideways else _LOW)[:, None] * way
    return locate(head, places.reshape(-1, 2))


def spacing(seen: np.ndarray, definition: Definition, roll: float) -> Spacing:
    """Selects the outermost candidate of each jaw point, and spaces the points along the outline.

    Args:
        seen: `(17, 14, 2)` candidates in pixels.
        definition: Says at which shares of the outline the points lie.
        roll: Of the head in the picture, degrees.
    """
    angle = _OUTWARD - np.deg2rad(roll)
    outward = np.stack([np.cos(angle), -np.sin(angle)], -1)
    # Of equals the one nearest to the jaw.
    chosen = (np.einsum("ncd,nd->nc", seen, outward) - 1e-3 * np.arange(_PLACES)).argmax(1)
    line = seen[np.arange(17), chosen]
    place = np.arange(17, dtype="float64")
    for half in (np.arange(9), np.arange(16, 7, -1)):
        arc = np.concatenate([[0.0], np.linalg.norm(np.diff(line[half], axis=0), axis=1).cumsum()])
        place[half] = np.interp(definition.jaw_arc, arc / max(arc[-1], 1e-9), half)
    start = np.minimum(place.astype(int), 15)
    return Spacing(chosen, start, place - start)


def seen_jaw(head: HeadModel, shape: np.ndarray, view: View, definition: Definition, camera: Camera) -> np.ndarray:
    """`(17, 3)` jaw points on the outline that is seen: pixels and depth."""
    found = triples(view, definition.cached(head, candidates).on(shape)).reshape(17, _PLACES, 3)
    jaw = spacing(found[..., :2], definition, camera.roll).of(found)
    corners = triples(view, shape[head.landmarks68[[36, 45]]])
    eyes = np.linalg.norm(shape[head.landmarks68[36]] - shape[head.landmarks68[45]])
    eyes_pixels = eyes * view.focal / corners[:, 2].mean()
    along = np.gradient(jaw[:, :2], axis=0)
    outward = np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    sides = [definition.jaw_out, definition.jaw_out]
    # A positive yaw shows the side of the first points.
    sides[int(camera.yaw < 0)] = definition.jaw_out + definition.jaw_near * min(
        2 * abs(np.sin(np.deg2rad(camera.yaw))), 1
    )
    reach = np.concatenate([sides[0], sides[1][-2::-1]])
    jaw[:, :2] += reach[:, None] * eyes_pixels * outward
    return jaw


def fixed_jaw(head: HeadModel, shape: np.ndarray, definition: Definition) -> np.ndarray:
    """`(17, 3)` jaw points in head coordinates: those of the outline that the mean head shows from the front."""
    points = definition.cached(head, candidates)
    view = fitted(Camera(distance=150.0), head.mean[head.landmarks68], 256)
    front = triples(view, points.on(head.mean)).reshape(17, _PLACES, 3)
    return spacing(front[..., :2], definition, 0.0).of(points.on(shape).reshape(17, _PLACES, 3))
