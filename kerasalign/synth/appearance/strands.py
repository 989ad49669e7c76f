"""Locks of hair: simulated step by step from their roots, and drawn as ribbons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from kerasalign.synth.appearance.mesh import HAIR, Mesh
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.jit import kernel, vertex_normals

_CELL, _LOW, _HIGH = 0.6, np.array([-15.0, -32.0, -13.0]), np.array([15.0, 19.0, 17.0])


@dataclass(frozen=True, eq=False)
class Volume:
    """Signed distance to the mean head and its outward direction, on a grid.

    Args:
        distance: `(X, Y, Z)` float32 centimeters, negative inside.
        out: `(X, Y, Z, 3)` float32 unit direction of the nearest skin's normal.
    """

    distance: np.ndarray
    out: np.ndarray


@dataclass(frozen=True, eq=False)
class Roots:
    """Possible roots of hair: points spread evenly over the mean head.

    Args:
        points: `(K, 3)` float32.
        normals: `(K, 3)` float32.
        triangles: `(K,)` triangle of the head.
        weights: `(K, 3)` float32 place within it.
    """

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    weights: np.ndarray


def _skin(head: HeadModel) -> np.ndarray:
    return np.concatenate([head.parts[name] for name in ("face", "head") if name in head.parts])


def roots(head: HeadModel) -> Roots:
    """12,000 possible roots on the skin of a head, computed once."""
    return head.derived(_roots)


def _roots(head: HeadModel) -> Roots:
    rng = np.random.default_rng(1)
    parts = _skin(head)
    a, b, c = (head.mean[head.triangles[parts][:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    area[(a[:, 1] < -11)] = 0
    chosen = rng.choice(len(parts), 12000, p=area / area.sum())
    u, v = rng.random((2, 12000))
    turn = u + v > 1
    u, v = np.where(turn, 1 - u, u), np.where(turn, 1 - v, v)
    weights = np.stack([1 - u - v, u, v], -1).astype("float32")
    corners = head.triangles[parts[chosen]]
    normals = vertex_normals(head.mean, np.ascontiguousarray(head.triangles[parts]))
    point = np.einsum("kc,kcd->kd", weights, head.mean[corners])
    normal = np.einsum("kc,kcd->kd", weights, normals[corners])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    return Roots(point.astype("float32"), normal.astype("float32"), parts[chosen], weights)


def volume(head: HeadModel) -> Volume:
    """The signed distance field around a head, computed once."""
    return head.derived(_volume)


def _volume(head: HeadModel) -> Volume:
    axes = [np.arange(low, high, _CELL) for low, high in zip(_LOW, _HIGH)]
    shape = tuple(map(len, axes))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    triangles = np.ascontiguousarray(head.triangles[_skin(head)])
    normals = vertex_normals(head.mean, triangles)
    used = np.unique(triangles)
    # Shoulders below the bust, so that long hair does not fall through the chest.
    ring = np.linspace(0, 2 * np.pi, 48)[:-1]
    extra = [
        np.stack([w * np.sin(ring), np.full(47, y), d * np.cos(ring) - 0.8], -1)
        for y, w, d in ((-15, 13, 7), (-17, 18, 8.5), (-21, 20.5, 10), (-26, 21, 11), (-32, 21.5, 11.5))
    ]
    ways = [np.stack([np.sin(ring) * 0.5, np.full(47, 0.8 if k < 2 else 0.1), np.cos(ring)], -1) for k in range(5)]
    surface = np.concatenate([head.mean[used], *extra])
    out = np.concatenate([normals[used], *ways])
    distance, near = cKDTree(surface).query(points)
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    sign = np.where(((points - surface[near]) * out[near]).sum(-1) < 0, -1.0, 1.0)
    return Volume((distance * sign).reshape(shape).astype("float32"), out[near].reshape(*shape, 3).astype("float32"))


@kernel
def _field(distance, out, x, y, z, low, cell, result):
    """Interpolated distance and outward direction at a point; outside of the grid, 5 cm and up."""
    a, b, c = (x - low[0]) / cell, (y - low[1]) / cell, (z - low[2]) / cell
    nx, ny, nz = distance.shape
    if a < 0 or b < 0 or c < 0 or a >= nx - 1 or b >= ny - 1 or c >= nz - 1:
        result[0], result[1], result[2], result[3] = 5.0, 0.0, 1.0, 0.0
        return
    i, j, k = int(a), int(b), int(c)
    a, b, c = a - i, b - j, c - k
    for q in range(4):
        result[q] = 0.0
    for p in range(8):
        di, dj, dk = p & 1, (p >> 1) & 1, (p >> 2) & 1
        w = (a if di else 1 - a) * (b if dj else 1 - b) * (c if dk else 1 - c)
        result[0] += w * distance[i + di, j + dj, k + dk]
        for q in range(3):
            result[1 + q] += w * out[i + di, j + dj, k + dk, q]


@kernel
def grow(start, way, length, lift, gravity, curl, curl_rate, phase, steps, distance, out, low, cell):
    """Grows locks step by step.

    Args:
        start: `(N, 3)` float32 roots.
        way: `(N, 3)` float32 unit directions they set out in.
        length: `(N,)` centimeters.
        lift: `(N,)` centimeters that a lock keeps from the skin.
        gravity: Pull per centimeter grown.
        curl: Radius of the curls in centimeters.
        curl_rate: Turns of the curls per centimeter, in radians.
        phase: `(N,)` where in its turn a curl begins.
        steps: Points of a lock after its root.
        distance: Of `Volume`.
        out: Of `Volume`.
        low: `(3,)` corner of the grid.
        cell: Its spacing.

    Returns:
        `(N, steps + 1, 3)` float32 points.
    """
    count = len(start)
    paths = np.empty((count, steps + 1, 3), np.float32)
    here = np.empty(4)
    for n in range(count):
        x, y, z = start[n, 0], start[n, 1], start[n, 2]
        dx, dy, dz = way[n, 0], way[n, 1], way[n, 2]
        step = length[n] / steps
        paths[n, 0, 0], paths[n, 0, 1], paths[n, 0, 2] = x, y, z
        for s in range(1, steps + 1):
            dy -= gravity * step
            norm = 1 / np.sqrt(dx * dx + dy * dy + dz * dz + 1e-9)
            dx, dy, dz = dx * norm, dy * norm, dz * norm
            x, y, z = x + dx * step, y + dy * step, z + dz * step
            _field(distance, out, x, y, z, low, cell, here)
            keep = lift[n] * min(1.0, s / 3.0)
            if here[0] < keep:
                norm = 1 / np.sqrt(here[1] ** 2 + here[2] ** 2 + here[3] ** 2 + 1e-9)
                ox, oy, oz = here[1] * norm, here[2] * norm, here[3] * norm
                push = min(keep - here[0], 1.5)
                x, y, z = x + ox * push, y + oy * push, z + oz * push
                # A lock that lies on the head goes along it.
                into = dx * ox + dy * oy + dz * oz
                if into < 0:
                    dx, dy, dz = dx - into * ox, dy - into * oy, dz - into * oz
            paths[n, s, 0], paths[n, s, 1], paths[n, s, 2] = x, y, z
    if curl > 0:
        for n in range(count):
            step = length[n] / steps
            for s in range(1, steps + 1):
                size = curl * min(1.0, s * step / 3.0)
                angle = phase[n] + curl_rate * s * step
                paths[n, s, 0] += size * np.cos(angle)
                paths[n, s, 1] += 0.35 * size * np.sin(1.3 * angle)
                paths[n, s, 2] += size * np.sin(angle)
    return paths


def ribbons(paths: np.ndarray, width: np.ndarray, eye: np.ndarray, color: np.ndarray, depth: np.ndarray) -> Mesh:
    """Locks as ribbons that face the camera.

    Args:
        paths: `(N, S, 3)` points.
        width: `(N,)` width at its widest, centimeters.
        eye: `(3,)` where the camera is, in the paths' coordinates.
        color: `(N, 3)` linear albedo.
        depth: `(N,)` openness of a lock: 1 on top, less below.
    """
    count, steps = paths.shape[:2]
    along = np.empty_like(paths)
    along[:, 1:-1] = paths[:, 2:] - paths[:, :-2]
    along[:, 0], along[:, -1] = paths[:, 1] - paths[:, 0], paths[:, -1] - paths[:, -2]
    along /= np.sqrt((along**2).sum(-1, keepdims=True)) + np.float32(1e-6)
    view = eye.astype("float32") - paths
    side = np.stack(
        [
            along[..., 1] * view[..., 2] - along[..., 2] * view[..., 1],
            along[..., 2] * view[..., 0] - along[..., 0] * view[..., 2],
            along[..., 0] * view[..., 1] - along[..., 1] * view[..., 0],
        ],
        -1,
    )
    side /= np.sqrt((side**2).sum(-1, keepdims=True)) + np.float32(1e-6)
    t = np.linspace(0, 1, steps, dtype="float32")
    taper = np.interp(t, [0, 0.15, 0.7, 1], [0.6, 1, 0.9, 0.08]).astype("float32")
    half = side * (0.5 * width[:, None, None] * taper[:, None]).astype("float32")
    vertices = np.stack([paths - half, paths + half], 2).reshape(-1, 3)
    lock, point = np.meshgrid(np.arange(count), np.arange(steps - 1), indexing="ij")
    a = (lock * steps + point).reshape(-1) * 2
    triangles = np.stack([a, a + 1, a + 2, a + 1, a + 3, a + 2], -1).reshape(-1, 3)
    repeat = steps * 2
    # Hair is darker at its roots and where it lies under other hair.
    shade = depth[:, None] * np.interp(t, [0, 0.25, 1], [0.55, 0.9, 1.0])[None]
    attributes = np.repeat(color.astype("float32"), repeat, 0)
    values = np.stack([np.tile(np.repeat(t, 2), count), np.repeat(shade.reshape(-1), 2)], -1)
    return Mesh(vertices, np.repeat(along.reshape(-1, 3), 2, 0), triangles, HAIR, attributes, values)


def field_arguments(head: HeadModel):
    """The arguments of `grow` that describe the distance field of a head."""
    space = volume(head)
    return space.distance, space.out, _LOW, _CELL
