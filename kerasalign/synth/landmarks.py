"""Where the 68 landmarks are in a rendered picture, by the habits of those who annotate photographs.

A head model's own landmark vertices are not where annotators click: brows sit elsewhere, jaw points are evenly spaced
along the visible outline. A `Definition` moves them along the skin. Its numbers are averages over annotated photographs
(mean positions of points, nothing of any one face), kept in `definitions/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasalign.synth.brows import brow_edges
from kerasalign.synth.camera import View
from kerasalign.synth.canvas import marks
from kerasalign.synth.head import HeadModel
from kerasalign.synth.scene import Scene
from kerasalign.synth.surface import SurfacePoints, locate

JAW, BROWS, REST = slice(0, 17), slice(17, 27), slice(27, 68)
#: Outward directions of the 17 jaw points in a frontal picture, degrees from x, counter-clockwise.
_OUTWARD = np.deg2rad([180, 180, 183, 190, 203, 222, 243, 258, 270, 282, 297, 318, 337, 350, 357, 360, 360])
#: Places tried for a jaw point, as fractions of the way to the middle of the face; below 0 is beyond the jaw.
_LOW, _HIGH = np.linspace(-0.1, 0.55, 14), np.linspace(0.0, 0.62, 14)


@dataclass(frozen=True, eq=False)
class Definition:
    """How landmarks differ from a head model's own points.

    Args:
        offsets: `(68, 2)` centimetres in the frontal head: x to the person's left, y up. Points move along the skin.
        jaw_arc: `(9,)` cumulative share of the outline from the ear (0) to the chin (1) at which jaw points lie.
        brow_along: `(5,)` places along a brow from its outer end (0) to its inner end (1).
        brow_across: `(5,)` places from the lower edge (0) to the upper edge (1).
    """

    offsets: np.ndarray
    jaw_arc: np.ndarray
    brow_along: np.ndarray
    brow_across: np.ndarray

    @classmethod
    def of(cls, head: HeadModel) -> Definition:
        """The definition that the library has for a head; without one, the head's own points."""
        path = Path(__file__).with_name("definitions") / f"{head.name}.json"
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return cls(
            offsets=np.asarray(found.get("offsets", np.zeros((68, 2)))),
            jaw_arc=np.asarray(found.get("jaw_arc", np.linspace(0, 1, 9))),
            brow_along=np.asarray(found.get("brow_along", np.linspace(0, 1, 5))),
            brow_across=np.asarray(found.get("brow_across", np.full(5, 0.5))),
        )


def landmarks68(
    head: HeadModel, scene: Scene, shape: np.ndarray, view: View, definition: Definition | None = None
) -> np.ndarray:
    """The 68 landmarks in the 2D convention: jaw points lie on the outline that is seen.

    Args:
        head: The head.
        scene: The scene that was rendered.
        shape: `(V, 3)` vertices in head coordinates, as in `Rendered.shape`.
        view: What maps them to pixels, as in `Rendered.view`.
        definition: Where the points are; by default the library's for this head.

    Returns:
        `(68, 2)` float32 pixels, pixel centres at integers.

    Reference: the points of 300W (Sagonas et al., ICCV Workshops 2013) in the order of Multi-PIE.
    """
    definition = definition or Definition.of(head)
    found = np.empty((68, 2), "float32")
    found[REST] = view.project(view.posed(_cached(head, definition, _moved).on(shape)[REST]))
    found[BROWS] = view.project(view.posed(_brow_points(head, scene, definition).on(shape)))
    found[JAW] = _outline(head, shape, view, definition, scene.camera.roll)
    return found


def _cached(head: HeadModel, definition: Definition, find) -> SurfacePoints:
    """Points that depend on the head and the definition alone are searched for once."""
    key = (find.__name__, definition.offsets.tobytes())
    if key not in head._cache:
        head._cache[key] = find(head, definition)
    return head._cache[key]


def _moved(head: HeadModel, definition: Definition) -> SurfacePoints:
    """The head's 68 points moved by offsets along the skin of the mean head, as points of its triangles."""
    triangles = head.triangles[head.parts["face"]]
    corners = head.mean[triangles].astype("float64")
    start = head.mean[head.landmarks68].astype("float64")
    vertices, weights = [], []
    for (x, y, z), (dx, dy) in zip(start, definition.offsets):
        if not (dx or dy):
            index = int(np.flatnonzero((head.mean == np.float32([x, y, z])).all(1))[0])
            vertices.append([index] * 3)
            weights.append([1.0, 0.0, 0.0])
            continue
        # The triangle in front of which the moved point lies, and of several layers the nearest in depth.
        inside = _barycentric(corners[..., :2], np.array([x + dx, y + dy]))
        depth = np.einsum("tk,tk->t", inside, corners[..., 2])
        cost = np.abs(depth - z) + 100 * np.clip(-inside.min(1), 0, None)
        best = int(np.argmin(cost))
        clipped = np.clip(inside[best], 0, None)
        vertices.append(triangles[best])
        weights.append(clipped / clipped.sum())
    return SurfacePoints(np.array(vertices), np.array(weights, "float32"))


def _barycentric(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    """`(T, 3)` weights of a point in the plane for `(T, 3, 2)` triangles."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]

    def cross(u, v):
        return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]

    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    p = point[None]
    return np.stack([cross(b - p, c - p), cross(c - p, a - p), cross(a - p, b - p)], -1) / area[:, None]


def _brow_points(head: HeadModel, scene: Scene, definition: Definition) -> SurfacePoints:
    """The ten points of the brows as they are painted in this scene."""
    edges = brow_edges(scene.brows, marks(head))
    steps = np.linspace(0, 1, edges.shape[2])
    places = []
    for upper, lower in edges:
        line = [
            (1 - across) * _at(lower, steps, along) + across * _at(upper, steps, along)
            for along, across in zip(definition.brow_along, definition.brow_across)
        ]
        places.append(np.array(line))
    # The person's right brow runs inwards, the left one outwards.
    points = np.concatenate([places[0], places[1][::-1]])
    return locate(head, points + definition.offsets[BROWS])


def _at(line: np.ndarray, steps: np.ndarray, t: float) -> np.ndarray:
    return np.array([np.interp(t, steps, line[:, axis]) for axis in (0, 1)])


def _candidates(head: HeadModel, definition: Definition) -> SurfacePoints:
    """Fourteen places for each jaw point, from beyond the jaw towards the middle of the face."""
    base = marks(head)[JAW] + definition.offsets[JAW]
    middle = np.array([0.0, marks(head)[33, 1]])
    places = np.empty((17, 14, 2))
    for i, place in enumerate(base):
        sideways = i < 3 or i > 13
        way = np.array([-place[0], 0.0]) if sideways else middle - place
        places[i] = place + (_HIGH if sideways else _LOW)[:, None] * way
    return locate(head, places.reshape(-1, 2))


def _outline(head, shape, view, definition, roll: float) -> np.ndarray:
    """Jaw points: of each point's candidates the outermost in the picture, then spaced along the outline."""
    seen = view.project(view.posed(_cached(head, definition, _candidates).on(shape))).reshape(17, 14, 2)
    angle = _OUTWARD - np.deg2rad(roll)
    outward = np.stack([np.cos(angle), -np.sin(angle)], -1)
    # Of equals the one nearest to the jaw.
    reach = np.einsum("ncd,nd->nc", seen, outward) - 1e-3 * np.arange(14)
    line = seen[np.arange(17), reach.argmax(1)].astype("float64")
    spaced = line.copy()
    for half in (np.arange(9), np.arange(16, 7, -1)):
        points = line[half]
        arc = np.concatenate([[0.0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
        arc /= max(arc[-1], 1e-9)
        spaced[half] = np.stack([np.interp(definition.jaw_arc, arc, points[:, axis]) for axis in (0, 1)], -1)
    return spaced

