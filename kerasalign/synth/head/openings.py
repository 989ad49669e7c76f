"""How far eyes and mouths are open: drawn for a scene, and applied to the vertices of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.head.edges import Edges, face_edges
from kerasalign.synth.head.model import HeadModel

#: A lid or lip vertex further than this from the edge of the lips does not move with it, centimeters.
_REACH = 3.0
#: The eyeball goes back behind lids that close, at most so many centimeters.
_RETREAT = 0.45


@dataclass(frozen=True)
class Openings:
    """How far eyes and mouth are open.

    Args:
        eyes: Opening of the right and left eye: distance of the lids over the width of the eye, mean of two places,
            as annotators of 68 points measure it. Below 0.02 the lids touch. `None`: as the expression has it.
        lips: Whether the lips touch. Otherwise the expression says how far they are apart.
    """

    eyes: tuple[float, float] | None = None
    lips: bool = False

    def apply(self, head: HeadModel, vertices: np.ndarray) -> np.ndarray:
        """Closes or opens the lids and lips of a head with its expression.

        Args:
            head: The head.
            vertices: `(V, 3)` float32 vertices, without blinks where `eyes` is given.

        Returns:
            `(V, 3)` float32, a new array.
        """
        out = vertices.copy()
        edges = face_edges(head)
        for side, opening in zip(("right", "left"), self.eyes or ()):
            _set_eye(head, out, edges[f"eye_{side}"], side, opening)
        _set_lips(head, out, edges["mouth"], self.lips)
        return out


def draw_openings(rng: np.random.Generator, scores: dict[str, float], shut_eyes: float, shut_lips: bool) -> Openings:
    """Draws openings of the eyes: shut, narrow, common and wide ones.

    Args:
        rng: Random numbers.
        scores: Expression scores by name: who laughs or looks down narrows the eyes.
        shut_eyes: Probability that both eyes are shut.
        shut_lips: Whether the lips touch.
    """
    kind, wink = rng.random(), rng.random()
    shut, narrow, wide = rng.uniform([0.0, 0.07, 0.34], [0.05, 0.22, 0.52])
    common = rng.normal(0.335, 0.055)

    def most(*names: str) -> float:
        return max((value for key, value in scores.items() if key.startswith(names)), default=0.0)

    if kind < shut_eyes:
        opening = shut
    elif kind < shut_eyes + 0.09:
        opening = narrow
    elif kind < shut_eyes + 0.16:
        opening = wide
    else:
        laugh = 0.12 * most("cheekSquint", "cheekRaiser") + 0.06 * most("eyeSquint") + 0.14 * most("eyeLookDown")
        opening = common - laugh * rng.uniform(0.2, 0.9)
    lean = rng.normal(0, 0.012)
    eyes = [float(np.clip(opening + sign * lean, 0, 0.6)) for sign in (1, -1)]
    if wink < 0.015:
        eyes[int(wink < 0.0075)] = float(shut)
    return Openings((eyes[0], eyes[1]), shut_lips)


def _smooth_step(low: float, high: float, value):
    t = np.clip((np.asarray(value) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _set_eye(head: HeadModel, vertices: np.ndarray, edges: Edges, side: str, opening: float) -> None:
    """Moves the lids of one eye in place, so that it is open as far as asked."""
    name = f"eyeBlink_{side[0].upper()}"
    if name not in head.expression_index:
        return
    blink = head.expression[head.expression_index[name]]
    corners = vertices[[edges.upper[0], edges.upper[-1]]]
    width = np.linalg.norm(corners[1] - corners[0])
    thirds = corners[0, 0] + (corners[1, 0] - corners[0, 0]) * np.array([1 / 3, 2 / 3])
    for _ in range(2):
        # Twice, since the lids move sideways too.
        upper, lower = edges.at(vertices, thirds)
        step = edges.at(vertices + np.float32(0.1) * blink, thirds)
        speed = ((upper - lower) - (step[0] - step[1])).mean() / 0.1
        score = ((upper - lower).mean() - opening * width) / max(speed, 1e-3)
        vertices += np.float32(np.clip(score, -0.8, 2.2)) * blink
    # What the mode leaves: lids that cross are parted, and those of a shut eye meet along their whole length.
    line = np.unique(np.concatenate([vertices[edges.upper, 0], vertices[edges.lower, 0]]))
    upper, lower = edges.at(vertices, line)
    shut = 1 - _smooth_step(0.03, 0.12, opening)
    profile = opening * width * np.sin(np.pi * np.linspace(0.02, 0.98, len(line)))
    wanted = np.maximum(upper - lower, 0) * (1 - shut) + np.minimum(profile, np.maximum(upper - lower, profile)) * shut
    change = wanted - (upper - lower)
    mask, ball = head.derived(_lid_and_ball, side)
    margin = np.interp(vertices[mask, 0], *_sorted(vertices[edges.upper, 0], np.abs(blink[edges.upper, 1])))
    weight = np.clip(np.abs(blink[mask, 1]) / np.maximum(margin, 0.02), 0, 1) * (blink[mask, 1] < 0)
    inside = (vertices[mask, 0] > line[0]) & (vertices[mask, 0] < line[-1])
    vertices[mask, 1] += (weight * inside * np.interp(vertices[mask, 0], line, change)).astype("float32")
    vertices[ball, 2] -= np.float32(_RETREAT * (1 - _smooth_step(0.01, 0.13, opening)))


def _sorted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


def _lid_and_ball(head: HeadModel, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the skin that a blink of one eye moves, and those of the eyeball."""
    blink = head.expression[head.expression_index[f"eyeBlink_{side[0].upper()}"]]
    moved = np.flatnonzero(np.abs(blink[:, 1]) > 0.02)
    return moved[np.isin(moved, head.derived(_skin))], np.unique(head.triangles[head.parts[f"eye_{side}"]])


def _teeth(head: HeadModel) -> np.ndarray:
    """Vertices of teeth, gums and tongue."""
    inside = [head.parts[name] for name in ("teeth", "gums") if name in head.parts]
    return np.unique(head.triangles[np.concatenate(inside)]) if inside else np.empty(0, int)


def _skin(head: HeadModel) -> np.ndarray:
    """Vertices of the face's skin."""
    return np.unique(head.triangles[head.parts["face"]])


def _set_lips(head: HeadModel, vertices: np.ndarray, edges: Edges, shut: bool) -> None:
    """Parts lips that cross, and closes those that shall touch, in place."""
    line = np.unique(np.concatenate([vertices[edges.upper, 0], vertices[edges.lower, 0]]))
    upper, lower = edges.at(vertices, line)
    change = (0 if shut else np.maximum(upper - lower, 0)) - (upper - lower)
    if shut:
        # Teeth that a wide smile presses against the lips would come through them.
        vertices[head.derived(_teeth), 2] -= np.float32(0.6)
    if not change.any():
        return
    near, weight, side = head.derived(_lip_weights)
    share = np.where(side > 0, 0.4, -0.6) * weight
    moved = share * np.interp(vertices[near, 0], line, change, left=0, right=0)
    if shut:
        front, back = edges.at(vertices, line, axis=2)
        vertices[near, 2] += (share * np.interp(vertices[near, 0], line, back - front, left=0, right=0)).astype(
            "float32"
        )
    vertices[near, 1] += moved.astype("float32")


def _lip_weights(head: HeadModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices around the mouth, how much each moves with its lip, and 1 for those of the upper lip, else -1."""
    edges, skin = face_edges(head)["mouth"], head.derived(_skin)
    distance = [
        np.sqrt(((head.mean[skin, None] - head.mean[chain][None]) ** 2).sum(-1)).min(1)
        for chain in (edges.upper, edges.lower)
    ]
    near = np.minimum(*distance) < _REACH
    side = np.where(distance[0] <= distance[1], 1, -1)[near]
    weight = np.exp(-((np.minimum(*distance)[near] / 1.5) ** 2))
    return skin[near], weight, side
