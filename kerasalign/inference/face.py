"""One aligned face."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerasalign.inference.serialize import plain
from kerasalign.markups import Markup, get_markup


@dataclass(frozen=True, eq=False, repr=False)
class Face:
    """One aligned face.

    Args:
        landmarks: `(N, 2)` float64, x then y, in pixels of the photo (0-based pixel centers).
        box: `(x0, y0, x1, y1)` of the detector, in pixels of the photo.
        markup: Markup of the landmarks: what each point means.
        score: The detector's score; 1.0 for a given box.
        error: The model's estimate of its own error in percent; NaN where the model gives none. MuSiCa's is the mean L1
            distance of the points over the L1 distance of the outer eye corners, about 1.2 times the inter-ocular NME.
        iterations: Number of iterations that the model ran; 0 where it does not say.
        failed: Whether the model considers its result a failure.
        confidence: `(N,)` in 0..1; its meaning depends on the model. without it, the default, NaN for every point.
        angle: Rotation of the box about its center in degrees, clockwise; 0 where the detector does not say.
    """

    landmarks: np.ndarray
    box: np.ndarray
    markup: Markup
    score: float = 1.0
    error: float = math.nan
    iterations: int = 0
    failed: bool = False
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(0))
    angle: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "markup", get_markup(self.markup))
        points = np.asarray(self.landmarks, "float64")
        n = self.markup.num_points
        if points.shape != (n, 2):
            raise ValueError(
                f"`landmarks` of markup '{self.markup.name}' must be ({n}, 2). "
                f"Received: landmarks of shape {points.shape}"
            )
        confidence = np.asarray(self.confidence, "float64") if np.size(self.confidence) else np.full(n, np.nan)
        if confidence.shape != (n,):
            raise ValueError(f"`confidence` must be ({n},). Received: confidence of shape {confidence.shape}")
        values = {
            "landmarks": points,
            "box": np.asarray(self.box, "float64"),
            "confidence": confidence,
            "score": float(self.score),
            "error": float(self.error),
            "iterations": int(self.iterations),
            "failed": bool(self.failed),
            "angle": float(self.angle),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def to(self, markup: str | Markup) -> Face:
        """The face in another markup. Each new point is the mean of a group of old ones, and so is its confidence.

        Raises:
            ValueError: If this markup knows no conversion to it.
        """
        target = get_markup(markup)
        confidence = self.markup.convert(self.confidence[:, None], target.name)[:, 0]
        landmarks = self.markup.convert(self.landmarks, target.name)
        return replace(self, landmarks=landmarks, markup=target, confidence=confidence)

    def part(self, name: str) -> np.ndarray:
        """The `(K, 2)` points of a part, such as `"mouth"`.

        Raises:
            ValueError: If the markup has no such part.
        """
        if name not in self.markup.parts:
            raise ValueError(
                f"Markup '{self.markup.name}' has the parts {list(self.markup.parts)}. Received: name={name!r}"
            )
        return self.landmarks[list(self.markup.parts[name])]

    def to_dict(self) -> dict[str, Any]:
        """The face as plain values, ready for JSON; unknown values are `None`."""
        return {
            "markup": self.markup.name,
            "box": plain(self.box),
            "angle": plain(self.angle),
            "score": plain(self.score),
            "error": plain(self.error),
            "iterations": self.iterations,
            "failed": self.failed,
            "landmarks": plain(self.landmarks),
            "confidence": plain(self.confidence) if np.isfinite(self.confidence).any() else None,
        }

    def __repr__(self) -> str:
        error = "" if math.isnan(self.error) else f", error={self.error:.2f}%"
        return (
            f"Face({self.markup.num_points} points, box={np.round(self.box, 1).tolist()}, "
            f"score={self.score:.3f}{error}{', failed' if self.failed else ''})"
        )
