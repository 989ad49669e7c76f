"""Occluders: hands, microphones, phones, cups and panels in front of the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance.mesh import HAND, PLAIN, Mesh
from kerasalign.synth.appearance.skin import Skin, linear, rgb
from kerasalign.synth.appearance.tubes import finger, tube

KINDS = ("hand", "microphone", "box", "ball", "panel")


@dataclass(frozen=True)
class Occluder:
    """An object in front of the face. Lengths are centimeters.

    Args:
        kind: One of `KINDS`.
        at: Place on the face as fractions of its points' box, x to the person's left, y up.
        angle: Direction in the picture that it comes from, degrees; 270 is below.
        gap: Distance from the face.
        size: Factor of its size.
        parts: Number of fingers, or of what else it has.
        color: Linear albedo.
        spread: How far its parts lie apart, and how bent they are.
    """

    kind: str
    at: tuple[float, float]
    angle: float
    gap: float
    size: float
    parts: int
    color: tuple[float, float, float]
    spread: float


def draw_occluders(rng: np.random.Generator, skin: Skin) -> tuple[Occluder, ...]:
    """Draws one object, seldom two; half of them are hands."""
    out = []
    for _ in range(2 if rng.random() < 0.15 else 1):
        kind = str(rng.choice(KINDS[:4], p=(0.5, 0.16, 0.2, 0.14)))
        color = linear(rng.random(3) * rng.uniform(0.1, 1))
        if kind == "hand":
            color = np.asarray(skin.color) * np.exp(rng.normal(0, 0.12, 3))
        elif kind == "microphone":
            color = np.full(3, rng.uniform(0.01, 0.3))
        low = kind in ("hand", "microphone")
        angle = rng.normal(270, 45) if low else rng.uniform(0, 360)
        at = (rng.uniform(0.15, 0.85), rng.beta(1.2, 2.2) if low else rng.uniform(0, 1))
        out.append(
            Occluder(
                kind=kind,
                at=(float(at[0]), float(at[1])),
                angle=float(angle),
                gap=float(rng.uniform(0.2, 2.0)),
                size=float(rng.uniform(0.8, 1.2)),
                parts=int(rng.integers(1, 6)),
                color=rgb(color),
                spread=float(rng.uniform(0.95, 1.5)),
            )
        )
    return tuple(out)


def occluder_mesh(thing: Occluder, points: np.ndarray, eye: np.ndarray, rng: np.random.Generator) -> Mesh:
    """The mesh of an occluder.

    Args:
        thing: The thing.
        points: `(K, 3)` points of the face, head coordinates.
        eye: `(3,)` where the camera is.
        rng: Random numbers.
    """
    low, high = points.min(0), points.max(0)
    place = low[:2] + np.asarray(thing.at) * (high - low)[:2]
    nearest = points[np.argmin(((points[:, :2] - place) ** 2).sum(-1))]
    target = np.array([place[0], place[1], nearest[2]])
    view = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0, 1.0, 0], view)
    right /= np.linalg.norm(right)
    up = np.cross(view, right)
    frame = np.stack([right, up, view])
    target = target + view * (thing.gap + 1.0)
    a = np.deg2rad(thing.angle)
    way = np.array([np.cos(a), np.sin(a), -0.12])
    across = np.array([-np.sin(a), np.cos(a), 0.0])
    pieces = {"hand": _hand, "microphone": _microphone, "box": _box, "ball": _ball, "panel": _panel}[thing.kind](
        thing, way, across, rng
    )
    vertices, normals, triangles, offset = [], [], [], 0
    for v, n, t in pieces:
        vertices.append(v)
        normals.append(n)
        triangles.append(t + offset)
        offset += len(v)
    local = np.concatenate(vertices)
    hand = thing.kind == "hand"
    values = local[:, :2] if hand else np.tile([rng.uniform(0, 0.6), 0], (len(local), 1))
    return Mesh(
        local * thing.size @ frame + target,
        np.concatenate(normals) @ frame,
        np.concatenate(triangles),
        HAND if hand else PLAIN,
        np.asarray(thing.color),
        values,
    )


def _hand(thing: Occluder, way, across, rng):
    """Fingers side by side on a palm with a forearm."""
    bend = np.array([0, 0, 1.0])
    pieces = []
    count = min(thing.parts, 4)
    lengths = np.array([6.6, 7.4, 7.0, 5.6])[:count] * rng.uniform(0.92, 1.08, count)
    palm = way * 7.5
    for k in range(count):
        offset = (k - (count - 1) / 2) * 1.75
        base = palm + across * offset
        lean = across * (offset * 0.16 * (thing.spread - 0.9) * 4)
        t = np.linspace(0, 1, 8)[:, None]
        curve = 0.9 * np.sin(np.pi * t) * bend
        path = base + (lean - way * lengths[k]) * (1 - t) + curve
        pieces.append(finger(path, rng.uniform(0.72, 0.9)))
    t = np.linspace(0, 1, 10)[:, None]
    hub = palm + way * 9 * t + bend * 0.4
    width = np.interp(t[:, 0], [0, 0.15, 0.5, 0.9, 1], [0.5, 0.85, 1.0, 0.9, 0.6])
    flat = tube(hub, 4.1 * width, 14)
    v, n, tri = flat
    # A palm is flat: squeezed along the view.
    v = v - (v @ bend)[:, None] * bend * 0.62
    pieces.append((v, n, tri))
    wrist = palm + way * np.linspace(8, 32, 5)[:, None]
    pieces.append(tube(wrist, np.array([2.4, 2.6, 3.0, 3.5, 3.8]), 12))
    if thing.parts > 3:
        side = np.sign(rng.normal())
        t = np.linspace(0, 1, 7)[:, None]
        path = palm + way * 3.0 + across * side * (3.0 + 3.5 * (1 - t)) - way * 3.5 * (1 - t) + 0.5 * bend
        pieces.append(finger(path, 0.95))
    return pieces


def _sphere(center, radius, squash=(1.0, 1.0, 1.0)):
    turn = np.linspace(0, 2 * np.pi, 19)[:-1]
    polar, around = np.meshgrid(np.linspace(0.001, np.pi - 0.001, 12), turn, indexing="ij")
    unit = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(11), np.arange(18), indexing="ij")
    a, b = i * 18 + j, i * 18 + (j + 1) % 18
    triangles = np.concatenate(
        [np.stack([a, a + 18, b], -1).reshape(-1, 3), np.stack([b, a + 18, b + 18], -1).reshape(-1, 3)]
    )
    return center + unit * radius * np.asarray(squash), unit, triangles


def _microphone(thing: Occluder, way, across, rng):
    """A ball on a stem."""
    stem = way * np.linspace(1.5, 25, 4)[:, None]
    return [_sphere(np.zeros(3), rng.uniform(1.8, 3.2)), tube(stem, rng.uniform(0.8, 1.5), 10)]


def _box(thing: Occluder, way, across, rng):
    """A card, phone or book: a plate with an edge near the middle."""
    return _plate(np.array([rng.uniform(2.5, 9), rng.uniform(3, 14), rng.uniform(0.2, 1.0)]), way, across)


def _panel(thing: Occluder, way, across, rng):
    """A board, a wall, a head in front: as large as the face, with an edge near the middle."""
    return _plate(np.array([rng.uniform(6, 13), rng.uniform(7, 14), 0.3]), way, across)


def _plate(half: np.ndarray, way, across):
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    corners = corners[:, :1] * across + corners[:, 1:2] * way + corners[:, 2:] * np.array([0, 0, 1.0]) + way * half[1]
    vertices, normals, triangles = [], [], []
    for k, face in enumerate(((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))):
        quad = corners[list(face)]
        normal = np.cross(quad[1] - quad[0], quad[2] - quad[0])
        vertices.append(quad)
        normals.append(np.tile(normal / (np.linalg.norm(normal) + 1e-9), (4, 1)))
        triangles += [(4 * k, 4 * k + 1, 4 * k + 2), (4 * k, 4 * k + 2, 4 * k + 3)]
    return [(np.concatenate(vertices), np.concatenate(normals), np.array(triangles))]


def _ball(thing: Occluder, way, across, rng):
    """A cup, a ball, a scoop, a shoulder in front: a squashed globe that reaches in from the side."""
    radius = rng.uniform(2, 6)
    return [_sphere(way * radius * rng.uniform(0.5, 1.2), radius, rng.uniform(0.6, 1.3, 3))]
