"""Children and infants: their proportions and their skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerasalign.synth.appearance.skin import Skin
from kerasalign.synth.head.proportions import Proportions


def as_child(rng: np.random.Generator, proportions: Proportions, skin: Skin) -> tuple[Proportions, Skin]:
    """Proportions and skin of a child instead of an adult's; a third of the children are infants."""
    amount = rng.uniform(0.7, 1.15) if rng.random() < 0.35 else rng.uniform(0.25, 0.8)
    # Proportions of adults are for adults; those of single people stay.
    plain = replace(proportions, lower=1.0, forehead=1.0, profile=1.0, child=float(amount))
    return plain, replace(skin, age=float(0.1 * (1 - min(amount, 1.0))), spots=0, shadows=0.4 * skin.shadows)
