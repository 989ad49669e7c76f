"""Identity and expression modes of the analytic head: smooth displacement fields."""

from __future__ import annotations

import numpy as np

# What a vertex belongs to beside the skin: right eye, left eye, upper and lower mouth, right and left lashes.
EYES, UPPER, LOWER, LASHES = (1, 2), 3, 4, (5, 6)


def _bell(points: np.ndarray, center, width) -> np.ndarray:
    return np.exp(-((((points - np.asarray(center)) / np.asarray(width)) ** 2).sum(-1)))


def _both(points: np.ndarray, center, width) -> np.ndarray:
    mirrored = np.asarray(center) * (-1, 1, 1)
    return _bell(points, center, width) + _bell(points, mirrored, width)


def identities(mean: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """`(14, V, 3)` offsets per unit score: width, length, depth, jaw, chin, nose, lips, eyes, brows, cheeks."""
    x, y, z = mean.T
    side = np.tanh(x / 2.5)
    zero = np.zeros_like(x)
    lower = np.clip((1 - y) / 8, 0, 1)
    nose = _bell(mean, (0, 0.0, 11.5), (1.6, 2.2, 3.0))
    lips = _bell(mean, (0, -3.5, 9.5), (3.0, 1.2, 2.5))
    eyes = _both(mean, (3.1, 3.5, 8.5), (2.2, 1.6, 3.0))
    brows = _both(mean, (3.8, 5.8, 8.5), (3.0, 1.2, 3.0))
    chin = _bell(mean, (0, -6.8, 8.5), (3.0, 1.8, 3.0))
    fields = [
        (0.045 * x, zero, zero),
        (zero, 0.04 * (y - 2), zero),
        (zero, zero, 0.04 * (z - 1)),
        (0.08 * x * lower, zero, zero),
        (zero, -0.45 * lower, zero),
        (zero, -0.2 * chin, 0.35 * chin),
        (0.18 * side * nose, zero, zero),
        (zero, -0.3 * nose, zero),
        (zero, 0.1 * nose, 0.35 * nose),
        (0.3 * side * lips, zero, zero),
        (zero, 0.2 * np.sign(y + 3.45) * lips, 0.15 * lips),
        (0.16 * side * eyes, zero, zero),
        (zero, 0.3 * brows, 0.12 * brows),
        (0.3 * side * _both(mean, (5.5, 0, 6.5), (3, 3, 3)), zero, zero),
    ]
    out = np.stack([np.stack(field, -1) for field in fields])
    for eye in EYES:
        # An eyeball is moved as a whole.
        out[:, kind == eye] = out[:, kind == eye].mean(1, keepdims=True)
    return out


def expressions(mean: np.ndarray, kind: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Names in ARKit's convention and `(E, V, 3)` offsets at full score."""
    x, y, z = mean.T
    skin = kind == 0
    moves: dict[str, np.ndarray] = {}

    def add(name: str, weight: np.ndarray, offset) -> None:
        moves[name] = moves.get(name, 0) + weight[:, None] * np.asarray(offset, "float64")

    # The lower jaw turns about an axis through the ears.
    below = np.clip((-3.41 - y) / 0.04, 0, 1) * _bell(mean, (0, -3.5, 10), (2.7, 2.5, 9)) * skin
    jaw = np.maximum(below, np.clip((-4.2 - y) / 1.5, 0, 1) * (y > -8.4) * skin)
    jaw = jaw * np.clip((z - 1) / 5, 0, 1)
    jaw = np.where((kind == LOWER), 1.0, jaw) * np.where(skin, np.clip((y + 11) / 3, 0, 1), 1)
    cos, sin = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    dy, dz = y - 1.0, z - 1.0
    turned = np.stack([0 * x, dy * cos - dz * sin - dy, dy * sin + dz * cos - dz])
    moves["jawOpen"] = (turned * jaw).T
    add("jawLeft", jaw, (0.6, 0, 0))
    add("jawRight", jaw, (-0.6, 0, 0))
    mouth = _bell(mean, (0, -3.5, 10), (2.6, 1.3, 3)) * skin
    pull = -np.tanh(x / 1.5) * mouth
    moves["mouthPucker"] = np.stack([0.9 * pull, 0 * x, 0.7 * mouth], -1)
    moves["mouthFunnel"] = np.stack([0.6 * pull, 0.25 * np.sign(y + 3.41) * mouth, 0.6 * mouth], -1)
    upper = np.where(y > -3.41, 1.0, 0.0) * mouth
    for side, sign in (("R", -1), ("L", 1)):
        here = np.clip(0.5 + sign * x, 0, 1)
        corner = _bell(mean, (2.5 * sign, -3.45, 9), (1.5, 1.3, 3)) * skin
        add(f"mouthSmile_{side}", corner, (0.6 * sign, 0.75, -0.4))
        add(f"mouthSmile_{side}", _bell(mean, (4.6 * sign, -0.6, 8), (1.8, 1.8, 3)) * skin, (0.2 * sign, 0.4, 0.3))
        add(f"mouthFrown_{side}", corner, (0.1 * sign, -0.7, -0.1))
        add(f"mouthStretch_{side}", corner, (0.7 * sign, -0.15, -0.4))
        add(f"mouthUpperUp_{side}", upper * here, (0, 0.5, 0.1))
        add(f"mouthLowerDown_{side}", (mouth - upper) * here, (0, -0.55, 0.1))
        brow = _bell(mean, (4.6 * sign, 5.8, 8.5), (2.0, 1.4, 3)) * skin
        inner = _bell(mean, (1.8 * sign, 5.6, 9.5), (1.8, 1.4, 3)) * skin
        add(f"browOuterUp_{side}", brow, (0, 0.9, 0))
        add(f"browInnerUp_{side}", inner, (0, 0.9, 0))
        add(f"browDown_{side}", inner + 0.5 * brow, (-0.15 * sign, -0.6, 0.1))
        add(f"noseSneer_{side}", _bell(mean, (1.3 * sign, -0.3, 10.5), (0.9, 1.0, 2)) * skin, (0, 0.4, 0.1))
        add(f"cheekPuff_{side}", _bell(mean, (4.2 * sign, -2.6, 8), (2.0, 1.8, 3)) * skin, (0.5 * sign, 0, 0.6))
        _eye(add, moves, mean, kind, side, sign)
    names = tuple(sorted(moves))
    return names, np.stack([moves[name] for name in names])


def _eye(add, moves: dict, mean: np.ndarray, kind: np.ndarray, side: str, sign: int) -> None:
    """Lids that slide over the ball, and a ball that turns."""
    x, y, _ = mean.T
    skin = kind == 0
    here = np.clip(1 - np.abs(x - 3.1 * sign) / 2.4, 0, 1) ** 0.5 * (x * sign > 0)
    lash = kind == LASHES[0 if sign < 0 else 1]
    # The lid's edge goes down by the height of the opening, and what is above it by less.
    opening = np.interp(np.abs(x), [1.9, 2.9, 3.8, 4.6], [0.0, 0.95, 0.9, 0.0])
    lid = np.where(skin & (y > 3.3), np.clip(1 - (y - 3.95) / 1.3, 0, 1), 0) * here
    lid = np.where(lash, 1.0, np.where((y < 3.6) & skin, lid * np.clip((y - 3.25) / 0.3, 0, 1), lid))
    moves[f"eyeBlink_{side}"] = (lid * opening)[:, None] * np.array([0, -1.0, 0.12])
    add(f"eyeWide_{side}", lid * opening, (0, 0.3, 0))
    under = np.where(skin & (y <= 3.4), np.clip(1 - (3.1 - y) / 1.2, 0, 1), 0) * here
    add(f"eyeSquint_{side}", under * opening, (0, 0.35, 0.1))
    add(f"eyeSquint_{side}", lid * opening, (0, -0.2, 0.05))
    ball = kind == (2 if sign > 0 else 1)
    center = mean[ball].mean(0)
    relative = np.where(ball[:, None], mean - center, 0)
    for name, axis, degrees in (
        ("eyeLookUp", 0, -25),
        ("eyeLookDown", 0, 25),
        ("eyeLookOut", 1, 35 * sign),
        ("eyeLookIn", 1, -35 * sign),
    ):
        a = np.deg2rad(degrees)
        turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        if axis == 1:
            turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        moves[f"{name}_{side}"] = relative @ turn.T - relative
