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
        child: 0 for an adult, 1 for an infant: large eyes, a short and narrow lower face, a small nose and mouth,
            a high forehead and full cheeks.
    """

    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lower: float = 1.0
    forehead: float = 1.0
    profile: float = 1.0
    child: float = 0.0

    def apply(self, vertices: np.ndarray) -> np.ndarray:
        """The head's `(V, 3)` vertices so stretched, float32."""
        out = vertices * np.asarray(self.stretch, "float32")
        if self.child:
            out = _child_shape(out.astype("float64"), self.child)
        y, z = out[:, 1], out[:, 2]
        out[:, 1] = np.where(y < 2, 2 + (y - 2) * self.lower, np.where(y > 7, 7 + (y - 7) * self.forehead, y))
        out[:, 2] = np.where(z > 8.5, 8.5 + (z - 8.5) * self.profile, z)
        return out.astype("float32")


#: Middle of the right eyeball, of the nose and of the mouth of a head, centimeters.
_EYE, _NOSE, _MOUTH = np.array([-3.1, 3.6, 8.0]), np.array([0.0, 0.8, 9.0]), np.array([0.0, -3.5, 9.5])


def _child_shape(points: np.ndarray, amount: float) -> np.ndarray:
    """`(V, 3)` vertices of an adult with a child's features."""
    out = points.copy()
    for side in (1, -1):
        middle = _EYE * [side, 1, 1]
        # The same for the whole eyeball and its lids: they stay on each other.
        far = np.clip((np.linalg.norm(points - middle, axis=1) - 1.9) / 3.0, 0, 1)
        out += (1 - far * far * (3 - 2 * far))[:, None] * 0.2 * amount * (points - middle)
    for middle, width, factor in (
        (_NOSE, (1.9, 2.6, 4.0), (-0.2, -0.25, -0.35)),
        (_MOUTH, (3.2, 2.2, 4.0), (-0.16, 0.05, -0.1)),
    ):
        near = np.exp(-(((points - middle) / width) ** 2).sum(-1))[:, None]
        out += near * amount * np.array(factor) * (points - middle)
    y = points[:, 1]
    cheeks = np.exp(
        -(((np.abs(points[:, 0]) - 5.2) / 2.5) ** 2) - ((y + 1.5) / 2.5) ** 2 - ((points[:, 2] - 7) / 4) ** 2
    )
    out[:, 0] += amount * 0.45 * np.sign(points[:, 0]) * cheeks
    out[:, 2] += amount * 0.35 * cheeks
    low, high = np.minimum(y - 2, 0), np.maximum(y - 7, 0)
    out[:, 1] += amount * (-0.2 * low + 0.16 * high)
    # The chin is small and goes back.
    chin = np.exp(-((points[:, 0] / 3.5) ** 2) - ((y + 7.5) / 2.2) ** 2)
    out[:, 2] -= amount * 0.6 * chin
    return out


def draw_proportions(rng: np.random.Generator, spread: float) -> Proportions:
    """Draws proportions; `spread` 0 leaves the head as it is."""
    stretch = np.exp(spread * rng.normal(0, [0.035, 0.035, 0.025]))
    child = rng.random()
    lower, forehead, profile = rng.uniform([0.82, 0.92, 0.8], [1.03, 1.2, 1.08])
    if child > 0.45:
        lower = forehead = profile = 1.0
    mix = [float(1 + spread * (value - 1)) for value in (lower, forehead, profile)]
    return Proportions((float(stretch[0]), float(stretch[1]), float(stretch[2])), *mix)
