"""What a face detector gives, and what every adapter offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kerasalign.geometry import BoxMap, as_box


@dataclass(frozen=True, eq=False)
class Detection:
    """One detected face.

    Args:
        box: `(x0, y0, x1, y1)` in pixels of the photo (0-based pixel centres); it may reach outside of it.
        score: The detector's score, 1.0 where it gives none.
        points: `(5, 2)` points of markup `"5"`, or `(0, 2)` where the detector gives none.
        angle: In-plane rotation of the face in degrees, clockwise; the crop is turned upright by it.
    """

    box: np.ndarray
    score: float = 1.0
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    angle: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", as_box(self.box))
        object.__setattr__(self, "score", float(self.score))
        object.__setattr__(self, "points", np.asarray(self.points, "float64"))
        object.__setattr__(self, "angle", float(self.angle))


class Detector:
    """A face detector. An adapter sets the first two attributes and writes `detect`.

    Attributes:
        name: Kind of its boxes, such as `"mtcnn"`; a `CropSpec` whose `box` is this name takes them as they
            are.
        box_map: How its box maps to the tight box of the landmarks.
        refine: How often `align` crops its faces anew where it is not told.
    """

    name: str = "detector"
    box_map: BoxMap = BoxMap()
    refine: int = 0

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo; an empty list where there is none."""
        raise NotImplementedError(f"{type(self).__name__} must write `detect`.")

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos: what `detect` finds in each. An adapter may do it in one go."""
        return [self.detect(image) for image in images]

    def sees(self, image: np.ndarray, places: Sequence[Detection]) -> list[bool] | None:
        """Whether there is a face at each place, as `detect` gives places; `None` from a detector that cannot tell."""
        return None

    def map_to(self, kind: str) -> BoxMap:
        """The map from this detector's boxes to boxes of another kind.

        Args:
            kind: `"landmarks"` or this detector's own `name`.

        Raises:
            ValueError: If no map is known; a wrong box convention would give wrong landmarks.
        """
        if kind == self.name:
            return BoxMap()
        if kind == "landmarks":
            return self.box_map
        raise ValueError(
            f"Boxes of detector '{self.name}' serve as '{self.name}' or 'landmarks' boxes only. "
            f"Give `boxes` of the kind that the model expects. Received: kind={kind!r}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"
