"""Face crops of a bundled portrait, on which an exported network is compared with its original."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerasalign.geometry import CropSpec
from kerasalign.support.images import load_image

# Part of scikit-image's `astronaut`: Eileen Collins, by NASA, in the public domain.
PORTRAIT = Path(__file__).with_name("portrait.jpg")
# Tight box of the landmarks, in pixels of the portrait.
BOX = (80.8, 83.5, 174.4, 173.5)


def portrait_crops(spec: CropSpec, count: int = 16, seed: int = 0) -> np.ndarray:
    """Crops of the bundled portrait, at random shifts, rotations and scales like those of an imprecise face detector.

    Args:
        spec: How a crop is cut by a box.
        count: Number of crops; the first is cut by the exact box.
        seed: Seed of the random transforms.

    Returns:
        `(count, S, S, 3)` uint8 RGB.
    """
    image, box = load_image(PORTRAIT), np.array(BOX)
    random = np.random.default_rng(seed)
    box_middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    crops = []
    for number in range(count):
        strength = min(number, 1)
        center = box_middle + strength * random.uniform(-0.1, 0.1, 2) * 2 * half
        reach = half * (1 + strength * random.uniform(-0.15, 0.15))
        angle = strength * random.uniform(-30, 30)
        crops.append(spec.extract(image, np.concatenate([center - reach, center + reach]), angle)[0])
    return np.stack(crops)
