"""A detected face, and the interface of face detectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kerasalign.geometry import BoxMap, as_box, box_size


@dataclass(frozen=True, eq=False)
class Detection:
    """One detected face.

    Args:
        box: `(x0, y0, x1, y1)` in pixels of the photo (0-based pixel centers); it may reach outside of it.
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


def largest_first(faces: Iterable[Detection]) -> list[Detection]:
    """Detections with the largest face first, equal ones from left to right."""
    return sorted(faces, key=lambda face: (-box_size(face.box).prod(), *face.box))


class Detector:
    """The interface of a face detector. A subclass sets `name` and `box_map` and implements `detect`.

    Attributes:
        name: Kind of its boxes, such as `"mtcnn"`. A `CropSpec` whose `box` is this name takes them unchanged.
        box_map: How its box maps to the tight box of the landmarks.
        refine: How often `align` crops its faces again, by their landmarks, where the caller does not say.
    """

    name: str = "detector"
    box_map: BoxMap = BoxMap()
    refine: int = 0

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo; an empty list where there is none."""
        raise NotImplementedError(f"{type(self).__name__} must implement `detect`.")

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos, as `detect` does in each. A subclass may run them together."""
        return [self.detect(image) for image in images]

    def verify_faces(self, image: np.ndarray, detections: Sequence[Detection]) -> list[bool] | None:
        """Checks whether there is a face at each given place.

        Args:
            image: `(H, W, 3)` uint8 RGB.
            detections: The places, as `detect` returns them.

        Returns:
            One answer per place; `None` if this detector cannot check single places.
        """
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
