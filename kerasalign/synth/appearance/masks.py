"""Strong occlusion: masks, cloths and veils that follow the face, and objects as large as half of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix

from kerasalign.synth.appearance.mesh import CLOTH, Mesh
from kerasalign.synth.appearance.occluders import Occluder
from kerasalign.synth.appearance.skin import Skin, linear, rgb
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.jit import vertex_normals

KINDS = ("surgical", "bandana", "veil", "eye_mask")


@dataclass(frozen=True)
class Mask:
    """A mask or cloth that lies on the face. Lengths are centimeters of the chart.

    Args:
        kind: One of `KINDS`.
        color: Linear albedo.
        top: Height of its upper edge in the middle of the face.
        bottom: Height of its lower edge there.
        width: Half of its width.
        gap: Distance from the skin.
        smooth: Times that the cloth is smoothed: how much of the nose and lips it bridges.
    """

    kind: str
    color: tuple[float, float, float]
    top: float
    bottom: float
    width: float
    gap: float
    smooth: int

    def covers(self, places: np.ndarray) -> np.ndarray:
        """Whether `(K, 2)` places of the chart lie under it."""
        x, y = np.abs(places[:, 0]), places[:, 1]
        top = self.top - (0.02 if self.kind in ("veil", "eye_mask") else 0.035) * x * x
        if self.kind == "eye_mask":
            hole = ((x - 3.1) / 1.75) ** 2 + ((y - 3.5) / 0.95) ** 2 < 1
            return (y < self.top) & (y > self.bottom + 0.12 * np.abs(x - 3.5)) & (x < self.width) & ~hole
        under = (y < top) & (y > self.bottom) & (x < self.width)
        if self.kind == "veil":
            # The forehead too: only the eyes are left free.
            under |= (y > self.top + 3.4) & (x < self.width)
        return under


def draw_cover(rng: np.random.Generator, skin: Skin) -> tuple[Mask | None, tuple[Occluder, ...]]:
    """Draws a mask, or one or two things that hide about half of the face."""
    u = rng.uniform
    if rng.random() < 0.45:
        kind = str(rng.choice(KINDS, p=(0.45, 0.2, 0.15, 0.2)))
        pale = kind == "surgical" and rng.random() < 0.6
        color = np.array([0.62, 0.78, 0.86]) * u(0.8, 1.15) if pale else rng.random(3) * u(0.1, 1)
        bottom = {"surgical": u(-9.5, -7.0), "eye_mask": u(1.2, 2.2)}.get(kind, -14.0)
        top = {"surgical": u(-0.5, 2.2), "bandana": u(-0.5, 2.0), "veil": u(0.8, 2.2), "eye_mask": u(5.0, 6.2)}[kind]
        mask = Mask(
            kind=kind,
            color=rgb(linear(np.clip(color, 0.02, 1))),
            top=float(top),
            bottom=float(bottom),
            width=float(u(7.5, 11.0)),
            gap=float(u(0.3, 0.8)),
            smooth=int(rng.integers(6, 40)),
        )
        return mask, ()
    things = []
    for _ in range(2 if rng.random() < 0.3 else 1):
        hand = rng.random() < 0.45
        color = np.asarray(skin.color) * np.exp(rng.normal(0, 0.12, 3)) if hand else linear(rng.random(3) * u(0.05, 1))
        things.append(
            Occluder(
                kind="hand" if hand else "panel",
                at=(float(u(0.1, 0.9)), float(u(0.1, 0.9))),
                angle=float(u(0, 360)),
                gap=float(u(0.2, 2.0)),
                size=float(u(0.9, 1.25)),
                parts=4 if hand else 1,
                color=rgb(color),
                spread=float(u(0.95, 1.5)),
            )
        )
    return None, tuple(things)


def mask_mesh(head: HeadModel, mask: Mask, shape: np.ndarray) -> Mesh:
    """The mesh of a mask on a head.

    Args:
        head: The head.
        mask: The mask.
        shape: `(V, 3)` vertices of the head with its expression.
    """
    faces = head.triangles[np.concatenate([head.parts[name] for name in ("face", "head") if name in head.parts])]
    front = head.mean[faces][..., 2].min(1) > -1.0
    covered = mask.covers(head.chart[faces].mean(1)) & front
    if not covered.any():
        covered[:1] = True
    used, triangles = np.unique(faces[covered], return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype("int32")
    vertices = shape[used].astype("float64")
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    link = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(used), len(used))).tocsr()
    link.data[:] = 1
    degree = np.maximum(np.asarray(link.sum(1)), 1)
    skin = vertices.copy()
    for _ in range(mask.smooth):
        vertices = link @ vertices / degree
        # Cloth lies on the skin or before it.
        vertices[:, 2] = np.maximum(vertices[:, 2], skin[:, 2])
    normals = vertex_normals(np.ascontiguousarray(vertices, "float32"), triangles)
    vertices = vertices + normals * mask.gap
    return Mesh(
        vertices.astype("float32"),
        normals,
        triangles,
        CLOTH,
        np.asarray(mask.color),
        vertices[:, :2].astype("float32"),
    )
