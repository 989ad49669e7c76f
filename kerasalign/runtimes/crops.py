"""Real crops to compare an exported network with its original on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerasalign.geometry import CropSpec
from kerasalign.support.images import load_image

# Part of scikit-image's `astronaut`: Eileen Collins, by NASA, in the public domain.
PORTRAIT = Path(__file__).with_name("portrait.jpg")
# Tight box of its landmarks, in pixels.
BOX = (80.8, 83.5, 174.4, 173.5)


def portrait_crops(spec: CropSpec, count: int = 16, seed: int = 0) -> np.ndarray:
    """Crops of the bundled portrait, moved, turned and scaled as an imprecise face detector would.

    Args:
        spec: How a box becomes a crop.
        count: Number of crops; the first is the exact one.
        seed: Of the random transforms.

    Returns:
        `(count, S, S, 3)` uint8 RGB.
    """
    image, box = load_image(PORTRAIT), np.array(BOX)
    random = np.random.default_rng(seed)
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    crops = []
    for number in range(count):
        strength = min(number, 1)
        centre = middle + strength * random.uniform(-0.1, 0.1, 2) * 2 * half
        reach = half * (1 + strength * random.uniform(-0.15, 0.15))
        angle = strength * random.uniform(-30, 30)
        crops.append(spec.extract(image, np.concatenate([centre - reach, centre + reach]), angle)[0])
    return np.stack(crops)
