"""Hair of the head: hairlines, cuts and colors of many people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance.mesh import Mesh
from kerasalign.synth.appearance.skin import Skin, linear, rgb
from kerasalign.synth.appearance.strands import field_arguments, grow, ribbons, roots
from kerasalign.synth.head.model import HeadModel

COLORS = (
    np.array(
        [
            (18, 15, 14),
            (34, 25, 20),
            (56, 39, 27),
            (86, 60, 38),
            (128, 94, 58),
            (178, 144, 96),
            (208, 180, 132),
            (118, 62, 34),
            (150, 146, 142),
            (214, 211, 206),
        ]
    )
    / 255
)
# Angle around the head from the front, radians, that the heights of a hairline are given at.
_AROUND = np.array([0, 0.35, 0.65, 0.95, 1.2, 1.35, 1.62, 1.9, 2.3, 3.15])
CUTS = ("shaved", "short", "textured", "side", "back", "fringe", "bob", "long", "curly", "afro", "bald")
_FEMININE_ODDS = {
    "long": 0.36,
    "bob": 0.17,
    "fringe": 0.17,
    "side": 0.05,
    "back": 0.13,
    "curly": 0.08,
    "short": 0.04,
}
_MASCULINE_ODDS = {
    "short": 0.30,
    "textured": 0.19,
    "side": 0.14,
    "back": 0.08,
    "fringe": 0.10,
    "curly": 0.05,
    "long": 0.04,
    "bob": 0.02,
    "bald": 0.08,
}


@dataclass(frozen=True)
class Hair:
    """Hair of the head. Lengths are centimeters.

    Args:
        cut: One of `CUTS`.
        color: Linear albedo.
        streaks: Spread of the locks' colors.
        line: `(2, 10)` height of the hairline on the right and left side, from the front to the nape.
        length: Of a lock.
        locks: How many of them.
        width: Of a lock.
        lift: How far hair stands off the head.
        gravity: How fast a lock bends down.
        curl: Radius of its curls.
        curl_rate: Radians of curl per centimeter.
        parting: Place of the parting across the head.
        forward: How far the front hair is combed over the forehead, 0..1; negative is combed back.
        tucked: Whether hair at the sides lies behind the ears.
        clear: Half the width of the face that hair keeps out of; 0 lets it fall anywhere.
        softness: Raggedness of the hairline.
        shine: Gloss.
    """

    cut: str
    color: tuple[float, float, float]
    streaks: float
    line: tuple[tuple[float, ...], tuple[float, ...]]
    length: float
    locks: int
    width: float
    lift: float
    gravity: float
    curl: float
    curl_rate: float
    parting: float
    forward: float
    tucked: bool
    clear: float
    softness: float
    shine: float


def draw_hair_color(rng: np.random.Generator, skin: Skin) -> np.ndarray:
    """Linear albedo of a person's hair: dark for most, gray with age, dyed for a few."""
    if rng.random() < max(0.0, skin.age - 0.45) * 1.5:
        color = COLORS[8] + rng.random() * (COLORS[9] - COLORS[8])
    else:
        last = 7 if skin.darkness < 0.35 else 3.2
        place = rng.uniform(0, last)
        low = int(place)
        color = COLORS[low] + (place - low) * (COLORS[low + 1] - COLORS[low])
    if rng.random() < 0.025:
        color = rng.random(3) * 0.8
    return linear(np.clip(color * np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.02, 3)), 0, 1))


def _draw_cut(rng: np.random.Generator, skin: Skin, feminine: bool, chance: float) -> str:
    """Draws one of `CUTS`."""
    odds = _FEMININE_ODDS if feminine else _MASCULINE_ODDS
    cut = str(rng.choice(list(odds), p=list(odds.values())))
    if skin.darkness > 0.6 and rng.random() < 0.5:
        cut = "afro" if feminine or rng.random() < 0.4 else "short"
    if rng.random() >= chance:
        cut = "bald" if not feminine and rng.random() < 0.3 + 0.5 * skin.age else "shaved"
    return "shaved" if cut == "bald" and skin.age < 0.12 else cut


def draw_hair(rng: np.random.Generator, color: np.ndarray, skin: Skin, chance: float) -> Hair:
    """Draws a cut with its hairline; `chance` of locks, else the head is shaved or bald."""
    u = rng.uniform
    feminine = skin.feminine > 0.5
    cut = _draw_cut(rng, skin, feminine, chance)
    front, middle, temple = u(7.9, 10.2), u(-0.6, 0.9), u(6.2, 8.2)
    sideburn, nape = (u(2.0, 5.0) if feminine else u(-0.5, 4.5)), u(-7, -3)
    if not feminine and rng.random() < 0.5 * skin.age:
        front, middle = front + u(0.5, 2.0), u(0.3, 1.8)
    if cut == "bald":
        front, middle, temple = u(13.0, 17.0), 0.0, u(7.0, 11.0)
    heights = np.array(
        [front, front + 0.6 * middle, front - 0.3 + middle, temple, temple - 2.2, sideburn, 5.2, 0.0, nape + 0.5, nape]
    )
    line = heights + rng.normal(0, 0.2, (2, 10))
    length, lift, gravity, forward, curl, locks, width = {
        "shaved": (0.3, 0.1, 0.0, 0.0, 0.0, 0, 0.1),
        "bald": (u(0.4, 2.5), 0.25, 0.1, -0.3, 0.0, 1100, 0.14),
        "short": (u(0.6, 2.6), u(0.2, 0.8), 0.05, u(-0.3, 0.7), 0.0, 2600, 0.15),
        "textured": (u(2.5, 5.0), u(0.5, 1.8), 0.12, u(-0.6, 0.9), u(0, 0.25), 2300, 0.19),
        "side": (u(4.0, 9.0), u(0.4, 1.5), 0.22, u(-0.1, 0.5), u(0, 0.12), 2000, 0.22),
        "back": (u(5.0, 11.0), u(0.25, 1.2), 0.10, u(-1.3, -0.8), u(0, 0.12), 2000, 0.22),
        "fringe": (u(3.5, 7.5), u(0.3, 0.9), 0.32, u(0.8, 1.3), u(0, 0.12), 2300, 0.22),
        "bob": (u(12, 20), u(0.5, 1.4), 0.45, u(-0.2, 1.0), u(0, 0.35), 2100, 0.28),
        "long": (u(24, 42), u(0.4, 1.3), 0.42, u(-0.5, 0.8), u(0, 0.6), 2100, 0.30),
        "curly": (u(6, 20), u(1.0, 2.4), 0.25, u(-0.3, 0.9), u(0.5, 0.9), 1900, 0.26),
        "afro": (u(2, 7), u(1.0, 3.0), 0.0, u(-0.2, 0.3), u(0.35, 0.7), 2400, 0.22),
    }[cut]
    return Hair(
        cut=cut,
        color=rgb(color),
        streaks=float(u(0.08, 0.4)),
        line=(tuple(map(float, line[0])), tuple(map(float, line[1]))),
        length=float(length),
        locks=int(locks),
        width=float(width),
        lift=float(lift),
        gravity=float(gravity),
        curl=float(curl),
        curl_rate=float(u(0.3, 0.9) if length > 10 else u(0.8, 2.2)),
        parting=float(rng.normal(0, 2.6)),
        forward=float(forward),
        tucked=bool(rng.random() < 0.5),
        clear=float(u(4.0, 7.5) if rng.random() < 0.9 else 0),
        softness=float(u(0.2, 0.8)),
        shine=float(u(0.1, 1.0)),
    )


def hairiness(hair: Hair, points: np.ndarray) -> np.ndarray:
    """Height of points of the mean head above the hairline, in centimeters; hair grows where it is positive."""
    x, y, z = points.T
    angle = np.arctan2(np.abs(x), z - 0.5)
    right, left = (np.interp(angle, _AROUND, side) for side in hair.line)
    height = y - np.where(x > 0, left, right)
    # Ears, and what is around and below the neck, are bare.
    ear = (np.abs(x) > 7.35) & (y > -0.8) & (y < 5.6) & (z > -2.0) & (z < 4.2)
    return np.clip(np.where(ear | (y < -9), -5, height), -5, 5).astype("float32")


def locks(head: HeadModel, hair: Hair, rng: np.random.Generator, warp, eye: np.ndarray, cover=None) -> Mesh | None:
    """The mesh of a scene's hair.

    Args:
        head: The head.
        hair: The hair.
        rng: Random numbers.
        warp: Maps points around the mean head to points around this one.
        eye: `(3,)` camera in head coordinates.
        cover: Height above which a hat presses the hair to the head and hides it, or None.
    """
    if hair.locks == 0:
        return None
    places = roots(head)
    field = hairiness(hair, places.points)
    chance = np.clip(field / (0.3 + 2 * hair.softness) + 0.3, 0, 1)
    if cover is not None:
        chance = chance * (places.points[:, 1] < cover(places.points) + 0.5)
    if hair.tucked and hair.length > 10:
        ahead = (places.points[:, 1] < 8.0) & (places.points[:, 2] > -1.0)
        chance = np.where(ahead, 0, chance)
    candidates = np.flatnonzero(rng.random(len(field)) < chance)
    if len(candidates) < 8:
        return None
    chosen = candidates[rng.integers(0, len(candidates), min(hair.locks, 3 * len(candidates)))]
    count = len(chosen)
    start, normal = places.points[chosen], places.normals[chosen]
    way = _combed(hair, start, normal, rng)
    length = hair.length * rng.uniform(0.65, 1.1, count)
    front = np.clip((start[:, 2] - 3) / 4, 0, 1) * (start[:, 1] > 7)
    if hair.cut in ("long", "bob", "back", "curly") and hair.forward < 0.75:
        # Without a fringe the front hair is swept aside.
        way[:, 0] += front * np.sign(start[:, 0] - hair.parting) * 1.2
        way[:, 1] += front * 0.5
        way[:, 2] -= front * 0.5
    elif hair.cut in ("long", "bob", "curly"):
        length = np.where((front > 0.3) & (np.abs(start[:, 0]) < 5), np.minimum(length, rng.uniform(4.0, 9.0)), length)
    if hair.cut in ("side", "textured", "fringe", "back"):
        # The sides and the back are cut shorter than the top.
        low = np.clip((start[:, 1] - 5) / 5, 0, 1)
        length = np.where(low < 1, np.minimum(length, 1.5 + 0.7 * hair.length * low + 0.12 * hair.length), length)
    if hair.tucked and hair.length > 10:
        way[:, 2] -= 1.3 * (np.abs(start[:, 0]) > 2.5)
    way /= np.linalg.norm(way, axis=1, keepdims=True) + 1e-9
    # A hat presses hair to the head.
    lift = (hair.lift if cover is None else 0.2) * rng.uniform(0.15, 1.0, count)
    steps = int(np.clip(4 + hair.length / 2.2, 5, 14))
    tangle = 0.25 if hair.cut not in ("curly", "afro") else 1.0
    clump = np.round(start / 1.6).astype(int) @ np.array([7, 131, 17])
    phase = (clump % 97) * 0.71 + rng.normal(0, tangle, count)
    paths = grow(
        start.astype("float32"),
        way.astype("float32"),
        length.astype("float32"),
        lift.astype("float32"),
        hair.gravity,
        hair.curl,
        hair.curl_rate,
        phase,
        steps,
        *field_arguments(head),
    )
    kept = ~_in_the_face(paths, hair.clear)
    paths, lift, count = paths[kept], lift[kept], int(kept.sum())
    paths = warp(paths.reshape(-1, 3)).reshape(paths.shape)
    tone = np.exp(rng.normal(0, hair.streaks, (count, 1)) + rng.normal(0, 0.03, (count, 3)))
    top = 0.45 + 0.55 * lift / max(lift.max(initial=0), 1e-6)
    width = hair.width * rng.uniform(0.5, 1.25, count)
    return ribbons(paths, width, eye, np.asarray(hair.color) * tone, top)


def _in_the_face(paths: np.ndarray, clear: float) -> np.ndarray:
    """`(N,)` whether a lock of `(N, S, 3)` paths hangs before the eyes, nose or cheeks."""
    x, y, z = np.moveaxis(paths, -1, 0)
    if clear <= 0:
        return np.zeros(len(paths), bool)
    return (((np.abs(x) < clear) | (z > 4.0)) & (y < 4.8) & (y > -9) & (z > 2.5)).any(1)


def _combed(hair: Hair, start: np.ndarray, normal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Directions in which locks leave the scalp, as combed."""
    count = len(start)
    away = np.sign(start[:, 0] - hair.parting)
    crown = np.clip((start[:, 1] - 6) / 5, 0, 1)
    comb = np.zeros((count, 3))
    comb[:, 0] = away * np.where(hair.cut in ("side", "long", "bob"), 1.0, 0.25) * crown
    comb[:, 1] = -0.9 * (1 - crown)
    comb[:, 2] = hair.forward * crown
    if hair.cut == "side":
        comb[:, 0] = np.where(np.abs(hair.parting) > 0.1, -np.sign(hair.parting), 1) * crown
        comb[:, 0] = np.where(np.abs(start[:, 0]) > np.abs(hair.parting) + 1, away * crown, comb[:, 0])
    upright = {"short": 0.7, "textured": 0.8, "afro": 2.0, "curly": 0.9, "back": 0.35}.get(hair.cut, 0.3)
    comb += rng.normal(0, 0.28 if hair.cut != "textured" else 0.5, (count, 3))
    comb -= normal * (comb * normal).sum(-1, keepdims=True)
    comb /= np.linalg.norm(comb, axis=1, keepdims=True) + 1e-6
    return comb + upright * normal
