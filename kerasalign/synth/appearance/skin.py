"""Skin: tones of all people, redness, freckles, moles, age spots, and gloss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.canvas import gaussian, noise_patch

# sRGB of skin in even light, from fair to dark; each face is a mix of two neighbors and a bit of its own.
TONES = (
    np.array(
        [
            (246, 219, 200),
            (240, 203, 178),
            (231, 188, 155),
            (218, 170, 130),
            (198, 146, 105),
            (168, 117, 80),
            (133, 88, 60),
            (99, 64, 45),
            (70, 46, 35),
        ]
    )
    / 255
)


def linear(color) -> np.ndarray:
    """sRGB in 0..1 to linear light."""
    return np.clip(np.asarray(color, "float64"), 0, 1) ** 2.2


def rgb(color) -> tuple[float, float, float]:
    """Three numbers as a tuple of floats, which a scene can store."""
    red, green, blue = (float(value) for value in color)
    return red, green, blue


@dataclass(frozen=True)
class Skin:
    """One person's skin.

    Args:
        color: Linear albedo.
        darkness: 0 for the fairest tone, 1 for the darkest.
        age: 0 for a child, 1 for the very old.
        feminine: Whether the face is made up and styled as most women's are, in 0..1.
        redness: Blood in cheeks, nose and ears.
        mottling: Uneven color.
        freckles: Density and strength.
        spots: Moles and spots of age, their number.
        shadows: Dark skin around the eyes.
        gloss: Strength of the mirror light.
        shininess: Its sharpness.
        pores: Fine grain.
        scatter: How far light bleeds into shade.
    """

    color: tuple[float, float, float]
    darkness: float
    age: float
    feminine: float
    redness: float
    mottling: float
    freckles: float
    spots: int
    shadows: float
    gloss: float
    shininess: float
    pores: float
    scatter: float


def draw_skin(rng: np.random.Generator) -> Skin:
    """Draws a skin; half of the faces are fair to medium, as in most collections of photographs."""
    place = (len(TONES) - 1) * (rng.beta(1.3, 2.4) if rng.random() < 0.6 else rng.random())
    low = int(min(place, len(TONES) - 2))
    tone = TONES[low] + (place - low) * (TONES[low + 1] - TONES[low])
    tone = tone * np.exp(rng.normal(0, 0.025, 3)) * np.exp(rng.normal(0, 0.05))
    age = rng.uniform(0, 0.12) if rng.random() < 0.1 else rng.beta(1.6, 1.8)
    fair = place < 3
    return Skin(
        color=rgb(linear(tone)),
        darkness=float(place / (len(TONES) - 1)),
        age=float(age),
        feminine=float(rng.random() < 0.5),
        redness=float(rng.uniform(0, 1)),
        mottling=float(rng.uniform(0.12, 0.5)),
        freckles=float(rng.uniform(0.2, 1) if fair and rng.random() < 0.2 else 0),
        spots=int(rng.poisson(1 + 6 * max(age - 0.4, 0))),
        shadows=float(rng.uniform(0, 0.7) ** 1.3),
        gloss=float(rng.uniform(0.1, 1.0) ** 1.3 * 1.1),
        shininess=float(rng.uniform(7, 30)),
        pores=float(rng.uniform(0.4, 1.6)),
        scatter=float(rng.uniform(0.15, 0.45)),
    )


def paint_skin(rng: np.random.Generator, skin: Skin, marks: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` float32 linear albedo of the bare skin."""
    m = skin.mottling
    # Light and dark, and apart from it pale and red.
    value = 1 + m * (0.9 * noise_patch(rng, 3, 2) + 0.7 * noise_patch(rng, 0, 2) + 0.5 * noise_patch(rng, 2))
    blood = 0.5 * noise_patch(rng, 0, 2) + 0.4 * noise_patch(rng, 3)
    nose, mouth = marks[30], marks[48:60].mean(0)
    for side in (-1, 1):
        blood += 0.55 * gaussian((side * 4.6, nose[1] - 0.3), (2.2, 1.8))
        blood += 0.4 * gaussian((side * 13, 3.0), (1.5, 3.0))
    blood += 0.6 * gaussian(nose, (1.3, 1.1)) + 0.2 * gaussian((0, marks[8, 1] + 0.7), (2, 1))
    blood -= 0.3 * gaussian((0, 8.5), (6, 2)) + 0.15 * gaussian((0, mouth[1] + 2), (3, 0.6))
    blood *= skin.redness
    eyes = marks[36:42].mean(0), marks[42:48].mean(0)
    around = sum(gaussian((x, y - 0.9), (1.7, 0.7)) + 0.7 * gaussian((x, y + 0.6), (1.9, 0.7)) for x, y in eyes)
    value *= 1 - 0.38 * skin.shadows * around
    if skin.freckles:
        dots = np.clip((noise_patch(rng, 1) - 0.10) * 8, 0, 1) * np.clip(0.6 + 3 * noise_patch(rng, 0, 2), 0, 1)
        where = gaussian((0, nose[1] + 1.0), (6.5, 3.0)) + 0.3 * gaussian((0, 8), (7, 3))
        value *= 1 - 0.45 * skin.freckles * dots * where
    if skin.spots:
        value *= 1 - 0.55 * _spots(rng, skin.spots)
    tint = np.stack([1 + 0.04 * blood, 1 - 0.22 * blood, 1 - 0.2 * blood], -1) * value[..., None]
    return (tint * np.asarray(skin.color, "float32")).astype("float32")


def _spots(rng: np.random.Generator, count: int) -> np.ndarray:
    """`(H, W)` cover of round moles and spots, half a millimeter to three wide."""
    mask = canvas.blank()
    for x, y, size in rng.uniform([-10, -8, 0.04], [10, 11, 0.16], (count, 3)):
        angle = np.linspace(0, 2 * np.pi, 9)[:-1]
        outline = np.stack([x + size * np.cos(angle), y + size * np.sin(angle) * 0.9], -1)
        canvas.fill(mask, outline, float(rng.integers(60, 255)))
    return canvas.blurred(mask, 0.03)
