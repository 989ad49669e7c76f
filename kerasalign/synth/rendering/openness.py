"""Ambient occlusion of a head, baked per vertex once for each head."""

from __future__ import annotations

import numpy as np

from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.jit import vertex_normals
from kerasalign.synth.rendering.lighting import SHADOW_SIDE, shadow_map

_DIRECTIONS = 96


def openness(head: HeadModel) -> np.ndarray:
    """`(V,)` float32 ambient visibility of the mean head: the cosine-weighted share of its hemisphere a vertex sees.

    Of eyes, mouth and teeth it is 1: they open and close, and the shader knows better.
    """
    return head.derived(_bake)


def _bake(head: HeadModel) -> np.ndarray:
    outside = np.concatenate([head.parts[name] for name in ("face", "head") if name in head.parts])
    triangles = np.ascontiguousarray(head.triangles[outside])
    normals = vertex_normals(head.mean, triangles)
    rng = np.random.default_rng(0)
    ways = rng.standard_normal((_DIRECTIONS, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    seen, total = np.zeros(len(head.mean)), np.zeros(len(head.mean))
    for way in ways:
        depth, matrix = shadow_map(way, np.array([0.0, 0.0, 2.0]), head.mean, triangles)
        at = (head.mean + 0.1 * normals) @ matrix[:, :3].T + matrix[:, 3]
        column, row = (np.clip(np.rint(at[:, k]).astype(int), 0, SHADOW_SIDE - 1) for k in (0, 1))
        weight = np.clip(normals @ way, 0, None)
        seen += weight * (depth[row, column] <= at[:, 2] + 0.15)
        total += weight
    # A little light bounces into the deepest corner.
    open_ = np.clip(0.08 + 0.97 * seen / np.maximum(total, 1e-6), 0, 1) ** 1.3
    inner = np.setdiff1d(np.arange(len(head.triangles)), outside)
    mask = np.zeros(len(head.mean), bool)
    mask[head.triangles[inner]] = True
    mask[triangles] = False
    return np.where(mask, 1.0, open_).astype("float32")
