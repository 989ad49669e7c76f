"""Head proportions beyond a head model's scans: children, long and broad faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Proportions:
    """Smooth stretching of a head; 1 changes nothing.

    Args:
        stretch: Factors of x, y and z.
        lower: Factor of heights below the eyes.
        forehead: Factor of heights above the brows.
        profile: Factor of what stands out in front of the cheeks.
    """

    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lower: float = 1.0
    forehead: float = 1.0
    profile: float = 1.0

    def apply(self, vertices: np.ndarray) -> np.ndarray:
        """The head's `(V, 3)` vertices so stretched, float32."""
        out = vertices * np.asarray(self.stretch, "float32")
        y, z = out[:, 1], out[:, 2]
        out[:, 1] = np.where(y < 2, 2 + (y - 2) * self.lower, np.where(y > 7, 7 + (y - 7) * self.forehead, y))
        out[:, 2] = np.where(z > 8.5, 8.5 + (z - 8.5) * self.profile, z)
        return out.astype("float32")


def draw_proportions(rng: np.random.Generator, spread: float) -> Proportions:
    """Draws proportions; `spread` 0 leaves the head as it is."""
    stretch = np.exp(spread * rng.normal(0, [0.035, 0.035, 0.025]))
    child = rng.random()
    lower, forehead, profile = rng.uniform([0.82, 0.92, 0.8], [1.03, 1.2, 1.08])
    if child > 0.45:
        lower = forehead = profile = 1.0
    mix = [float(1 + spread * (value - 1)) for value in (lower, forehead, profile)]
    return Proportions(tuple(float(v) for v in stretch), *mix)
