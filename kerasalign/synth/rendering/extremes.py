"""Extreme conditions: strong blur, low resolution, under- and overexposure, colored light, glare, wet skin."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from kerasalign.synth.appearance.skin import Skin
from kerasalign.synth.rendering.lighting import Lighting
from kerasalign.synth.rendering.photo import Photo

KINDS = ("blur", "motion", "coarse", "dark", "bright", "color", "glare", "wet")
_ODDS = (0.24, 0.06, 0.14, 0.16, 0.06, 0.16, 0.08, 0.10)


def draw_extremes(
    rng: np.random.Generator, skin: Skin, lighting: Lighting, photo: Photo
) -> tuple[Skin, Lighting, Photo]:
    """Skin, light and camera with one or two of `KINDS` at strong settings."""
    u = rng.uniform
    for kind in rng.choice(KINDS, 2 if rng.random() < 0.3 else 1, replace=False, p=_ODDS):
        if kind == "blur":
            # A face is a bit more than half of the side: up to a sixteenth of it.
            photo = replace(photo, blur=float(u(0.007, 0.036)))
        elif kind == "motion":
            photo = replace(photo, motion=(float(u(0.03, 0.11)), float(u(0, 180))))
        elif kind == "coarse":
            photo = replace(photo, scale=float(u(0.07, 0.3)))
        elif kind == "dark":
            photo = replace(photo, exposure=float(np.exp(u(np.log(0.06), np.log(0.4)))), noise=float(u(0, 0.06)))
        elif kind == "bright":
            photo = replace(photo, exposure=float(u(1.9, 4.5)))
        elif kind == "color":
            lighting = _colored(rng, lighting)
        elif kind == "glare":
            photo = replace(photo, glare=(float(u(0, 1)), float(u(0, 1)), float(u(0.1, 0.6)), float(u(0.3, 1.0))))
        else:
            skin = replace(skin, gloss=float(u(1.5, 4.0)), shininess=float(u(25, 90)))
    return skin, lighting, photo


def _colored(rng: np.random.Generator, lighting: Lighting) -> Lighting:
    """The light of a stage or a sign: every lamp and the surroundings have a strong color."""

    def color() -> np.ndarray:
        found = np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.5, 1.0), 1.0)) + 0.03
        return (found / found.mean()).astype("float32")

    return replace(
        lighting,
        harmonics=lighting.harmonics * (color() if rng.random() < 0.7 else 1),
        colors=np.stack([lamp * color() for lamp in lighting.colors]).astype("float32"),
    )
