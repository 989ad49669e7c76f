"""Random facial expressions: a few muscles at a time, nearly symmetric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class _Scores:
    """Scores by name; a name the head lacks is dropped."""

    def __init__(self, rng: np.random.Generator, names: Sequence[str]) -> None:
        self.rng, self.index = rng, {name: i for i, name in enumerate(names)}
        self.values = np.zeros(len(names), "float64")

    def add(self, name: str, low: float, high: float, chance: float = 1.0, asymmetry: float = 0.12) -> None:
        """Adds a score to one expression, or to its two sides."""
        go, value, lean = self.rng.random() < chance, self.rng.uniform(low, high), self.rng.normal(0, asymmetry)
        if not go:
            return
        if name in self.index:
            self.values[self.index[name]] += value
        for side, factor in (("_L", 1 + lean), ("_R", 1 - lean)):
            if name + side in self.index:
                self.values[self.index[name + side]] += value * factor

    def add_some(self, table: Sequence[tuple[str, float, float]]) -> None:
        """Adds scores from 0 to the given one, each with its chance."""
        for name, most, chance in table:
            self.add(name, 0, most, chance)

    def put(self, name: str, value: float) -> None:
        if name in self.index:
            self.values[self.index[name]] += value


#: Expressions that part the lips, and what is left of each while lips touch.
_PARTING = {
    "jawOpen": 0.15,
    "mouthUpperUp": 0.1,
    "mouthLowerDown": 0.1,
    "mouthFunnel": 0.2,
    "mouthStretch": 0.6,
    "mouthSmile": 0.65,
    "noseSneer": 0.7,
}

#: What comes with an open mouth and with a frown: its largest score, and its chance.
_BESIDE_OPEN_MOUTH = (
    ("mouthFunnel", 0.6, 0.35),
    ("mouthPucker", 0.6, 0.25),
    ("mouthLowerDown", 0.6, 0.4),
    ("mouthUpperUp", 0.5, 0.4),
    ("mouthStretch", 0.5, 0.3),
)
_BESIDE_FROWN = (
    ("mouthFrown", 0.9, 0.6),
    ("noseSneer", 0.8, 0.4),
    ("mouthPress", 0.8, 0.4),
    ("mouthShrugLower", 0.7, 0.3),
    ("jawOpen", 0.3, 0.3),
)
_GRIMACES = (
    "mouthPucker",
    "mouthFunnel",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthLeft",
    "mouthRight",
    "jawLeft",
    "jawRight",
    "jawForward",
)


def draw_expression(
    rng: np.random.Generator, names: Sequence[str], expressive: float = 0.85, shut: bool = False
) -> np.ndarray:
    """Draws expression scores: a smile, an open mouth, a frown, a grimace, a shout or nothing; brows; gaze.

    Lids are opened and shut by `Openings`.

    Args:
        rng: Random numbers.
        names: The head's expressions, in ARKit's convention.
        expressive: Probability of an expression of the mouth.
        shut: Whether the lips touch: what parts them is left out.

    Returns:
        `(len(names),)` float32 scores in 0..1.15.
    """
    s = _Scores(rng, names)
    _draw_mouth(s, expressive)
    parted = [s.values[s.index[name]] for name in ("jawOpen", "mouthUpperUp_L", "mouthLowerDown_L") if name in s.index]
    if not shut and sum(parted) < 0.15:
        # Lips that do not touch show teeth or a dark gap.
        s.add("jawOpen", 0.05, 0.3)
        s.add("mouthUpperUp", 0.1, 0.6, 0.4)
        s.add("mouthLowerDown", 0.1, 0.6, 0.4)
    s.add("browInnerUp", 0, 0.8, 0.33)
    s.add("browOuterUp", 0, 0.8, 0.25, 0.3)
    s.add("browDown", 0, 0.7, 0.2)
    _draw_gaze(s)
    values = s.values + (rng.random(len(names)) < 0.3) * np.abs(rng.normal(0, 0.04, len(names)))
    if "mouthClose" in s.index:
        # Lips can only be held together against a jaw that is open.
        values[s.index["mouthClose"]] = min(values[s.index["mouthClose"]], values[s.index.get("jawOpen", 0)])
    if shut:
        for name, share in _PARTING.items():
            for full in (name, f"{name}_L", f"{name}_R"):
                if full in s.index:
                    values[s.index[full]] *= share
    return np.clip(values, 0, 1.15).astype("float32")


def _draw_mouth(s: _Scores, expressive: float) -> None:
    """Draws one kind of expression: a smile, an open mouth, a frown, a shout, or a mixture."""
    rng, names = s.rng, list(s.index)
    kind = rng.random() / max(expressive, 1e-6)
    # Shares are those of photographs taken among people: most smile, few shout.
    if kind < 0.58:
        strength = rng.uniform(0.2, 1.1)
        s.add("mouthSmile", strength, strength)
        s.add("cheekSquint", 0, 0.7 * strength)
        s.add("eyeSquint", 0, 0.6 * strength, 0.6)
        if rng.random() < 0.68:
            s.add("mouthUpperUp", 0.1 * strength, 0.8 * strength)
            s.add("mouthLowerDown", 0, 0.6 * strength)
            s.add("jawOpen", 0, 0.25 if rng.random() < 0.75 else 0.6)
        s.add("mouthDimple", 0, 0.5, 0.4)
        s.add("mouthStretch", 0, 0.4, 0.3)
    elif kind < 0.70:
        s.add("jawOpen", 0.05, 0.5 if rng.random() < 0.6 else 1.0)
        s.add_some(_BESIDE_OPEN_MOUTH)
    elif kind < 0.80:
        s.add("browDown", 0.1, 1.0)
        s.add_some(_BESIDE_FROWN)
    elif kind < 0.88:
        s.add(_GRIMACES[int(rng.integers(len(_GRIMACES)))], 0.2, 0.9)
        s.add("cheekPuff", 0, 0.8, 0.3)
    elif kind < 0.925:
        # A shout or a laugh: everything at once.
        s.add("jawOpen", 0.5, 1.0)
        s.add("mouthUpperUp", 0.2, 0.9)
        s.add("mouthLowerDown", 0.2, 0.9)
        s.add("mouthStretch", 0.1, 0.7)
        s.add("mouthSmile", 0, 0.9, 0.5)
        s.add("eyeSquint", 0.2, 1.0, 0.6)
        s.add("noseSneer", 0, 0.8, 0.5)
    elif kind < 1.0:
        free = [n for n in names if not n.startswith(("eyeLook", "Pupil", "eyeBlink", "eyeWide"))]
        for name in rng.choice(free, min(len(free), int(rng.integers(2, 6))), replace=False) if free else ():
            s.add(str(name).removesuffix("_L").removesuffix("_R"), 0, 0.6)


def _draw_gaze(s: _Scores) -> None:
    """Squints, and where the eyes look."""
    rng = s.rng
    s.add("eyeSquint", 0, 0.6, 0.2)
    across, up = rng.normal(0, 0.28), rng.normal(0, 0.22)
    s.put("eyeLookOut_L" if across > 0 else "eyeLookIn_L", abs(across))
    s.put("eyeLookIn_R" if across > 0 else "eyeLookOut_R", abs(across))
    for side in ("_L", "_R"):
        s.put(("eyeLookUp" if up > 0 else "eyeLookDown") + side, abs(up))
