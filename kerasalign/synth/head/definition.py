"""Definition of the 68 landmarks on a head: offsets from the model's vertices to where annotators place them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasalign.synth.head.edges import OPENINGS, face_edges
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.surface import SurfacePoints


@dataclass(frozen=True, eq=False)
class Definition:
    """Offsets of landmarks from a head model's own vertices.

    The library's numbers are averages over annotated photographs (mean positions of points, nothing of any one face),
    kept in `definitions/`.

    Args:
        offsets: `(68, 2)` centimeters in the frontal head: x to the person's left, y up. Points move along the skin;
            those of the lids and the inner lips between the corners stay on the edge, and only x counts.
        jaw_arc: `(9,)` cumulative share of the outline from the ear (0) to the chin (1) at which jaw points lie.
        jaw_out: `(9,)` from the ear to the chin: how far outside of the outline jaw points lie, as fractions of the
            distance of the outer corners of the eyes.
        jaw_near: `(9,)` the same, added on the nearer side of a face that is turned by 30 degrees or more, and less
            before: annotators follow the jaw up to the ear.
        brow_along: `(5,)` places along a brow from its outer end (0) to its inner end (1).
        brow_across: `(5,)` places from the lower edge (0) to the upper edge (1).

    Raises:
        ValueError: If an array has another shape, or shares do not rise from 0 to 1.
    """

    offsets: np.ndarray
    jaw_arc: np.ndarray
    jaw_out: np.ndarray
    jaw_near: np.ndarray
    brow_along: np.ndarray
    brow_across: np.ndarray

    def __post_init__(self) -> None:
        shapes = {
            "offsets": (68, 2),
            "jaw_arc": (9,),
            "jaw_out": (9,),
            "jaw_near": (9,),
            "brow_along": (5,),
            "brow_across": (5,),
        }
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name), "float64")
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(f"`{name}` must hold {shape} numbers. Received: shape {value.shape}")
            object.__setattr__(self, name, value)
        for name in ("jaw_arc", "brow_along"):
            value = getattr(self, name)
            if value[0] != 0 or value[-1] != 1 or (np.diff(value) <= 0).any():
                raise ValueError(f"`{name}` must rise from 0 to 1. Received: {name}={value.tolist()}")

    @classmethod
    def of(cls, head: HeadModel) -> Definition:
        """The definition that the library has for a head; without one, the head's own points."""
        path = Path(__file__).with_name("definitions") / f"{head.name}.json"
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return cls(
            offsets=found.get("offsets", np.zeros((68, 2))),
            jaw_arc=found.get("jaw_arc", np.linspace(0, 1, 9)),
            jaw_out=found.get("jaw_out", np.zeros(9)),
            jaw_near=found.get("jaw_near", np.zeros(9)),
            brow_along=found.get("brow_along", np.linspace(0, 1, 5)),
            brow_across=found.get("brow_across", np.full(5, 0.5)),
        )

    def cached(self, head: HeadModel, find: Callable[[HeadModel, Definition], SurfacePoints]) -> SurfacePoints:
        """Memoizes points that depend on the head and the definition alone."""
        return head.derived(find, self)


def moved(head: HeadModel, definition: Definition) -> SurfacePoints:
    """The head's 68 points moved by offsets along the skin of the mean head, as points of its triangles.

    Points of the lids and of the inner lips stay on their edges and move sideways only: lids and lips that touch are
    labeled so.
    """
    on_edge = {point: (name, k) for name, rows in OPENINGS.items() for k, row in enumerate(rows) for point in row[1:-1]}
    edges = face_edges(head)
    triangles = head.triangles[head.parts["face"]]
    corners = head.mean[triangles].astype("float64")
    vertices, weights = [], []
    for point, (index, (dx, dy)) in enumerate(zip(head.landmarks68, definition.offsets)):
        if dx and point in on_edge:
            name, lower = on_edge[point]
            start, share = _along(head, edges[name].lower if lower else edges[name].upper, head.mean[index, 0] + dx)
            vertices.append([start[0], start[1], start[1]])
            weights.append([1 - share, share, 0.0])
            continue
        if point in on_edge or not (dx or dy):
            vertices.append([index] * 3)
            weights.append([1.0, 0.0, 0.0])
            continue
        x, y, z = head.mean[index].astype("float64")
        # The triangle in front of which the moved point lies, and of several layers the nearest in depth.
        inside = _barycentric(corners[..., :2], np.array([x + dx, y + dy]))
        depth = np.einsum("tk,tk->t", inside, corners[..., 2])
        best = int(np.argmin(np.abs(depth - z) + 100 * np.clip(-inside.min(1), 0, None)))
        clipped = np.clip(inside[best], 0, None)
        vertices.append(triangles[best])
        weights.append(clipped / clipped.sum())
    return SurfacePoints(np.array(vertices), np.array(weights, "float32"))


def _along(head: HeadModel, chain: np.ndarray, x: float) -> tuple[np.ndarray, float]:
    """The two neighbors of a chain of vertices that the place `x` of the mean head lies between, and its share."""
    line = head.mean[chain, 0]
    span = np.diff(line)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(np.abs(span) > 1e-6, (x - line[:-1]) / span, -1.0)
    inside = np.flatnonzero((share >= 0) & (share <= 1))
    step = int(inside[0]) if len(inside) else int(np.abs(line[:-1] - x).argmin())
    return chain[step : step + 2], float(np.clip(share[step], 0, 1))


def _barycentric(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    """`(T, 3)` weights of a point in the plane for `(T, 3, 2)` triangles."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]

    def cross(u, v):
        return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]

    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    p = point[None]
    return np.stack([cross(b - p, c - p), cross(c - p, a - p), cross(a - p, b - p)], -1) / area[:, None]
