"""The square crop that a model takes, from a face box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

import numpy as np

from kerasalign.geometry.affine import about, apply_affine, invert, rotation
from kerasalign.geometry.boxes import as_box, box_center, box_size
from kerasalign.geometry.warp import warp
from kerasalign.support.checks import shown

#: Largest side of a crop in pixels; networks of this field take up to 512.
MOST_SIZE = 4096


@dataclass(frozen=True)
class CropSpec:
    """A face crop as an invertible similarity transform of the photo.

    Args:
        size: Side of the square crop in pixels.
        scale: Side of the crop in units of the box's longer side. A box more elongated than `max_aspect`
            counts as `max_aspect` times its shorter side.
        shift: Shift of the crop's center from the box's center, in units of the box's longer side.
        box: The kind of box that the spec expects: `"landmarks"` is the tight box of the landmarks.
        max_aspect: Largest aspect ratio of a box that is taken at face value.

    Example:

        spec = CropSpec(size=228, scale=228 / 142)
        crop, matrix = spec.extract(photo, box)          # (228, 228, 3) uint8 and (2, 3)
        in_photo = spec.to_photo(matrix, landmarks)      # crop pixels -> photo pixels
    """

    size: int
    scale: float
    shift: tuple[float, float] = (0.0, 0.0)
    box: str = "landmarks"
    max_aspect: float = 4.0

    def __post_init__(self) -> None:
        if not (_is_number(self.size) and 1 <= self.size <= MOST_SIZE and int(self.size) == self.size):
            raise ValueError(f"`size` must be an integer in 1..{MOST_SIZE}. Received: size={shown(self.size)}")
        for name, value in (("scale", self.scale), ("max_aspect", self.max_aspect)):
            if not (_is_number(value) and 0 < value < np.inf):
                raise ValueError(f"`{name}` must be positive and finite. Received: {name}={shown(value)}")
        shift = self.shift
        if not (isinstance(shift, (Sequence, np.ndarray)) and len(shift) == 2 and all(map(_is_number, shift))):
            raise ValueError(f"`shift` must be two finite numbers. Received: shift={shown(shift)}")
        object.__setattr__(self, "shift", tuple(float(v) for v in shift))

    def side(self, box: np.ndarray) -> float:
        """The side of a box, in photo pixels, that `scale` multiplies."""
        width, height = box_size(box)
        return float(min(max(width, height), self.max_aspect * min(width, height)))

    def transform(self, box, angle: float = 0.0) -> np.ndarray:
        """The `(2, 3)` map from photo to crop pixels.

        Args:
            box: `(x0, y0, x1, y1)` in the photo.
            angle: Rotation of the face in the photo in degrees, clockwise; the crop shows it upright.
        """
        box = as_box(box)
        side = self.side(box)
        turn = rotation(angle)
        center = box_center(box) + turn @ np.asarray(self.shift) * side
        middle = np.full(2, (self.size - 1) / 2)
        return about(center, self.size / (self.scale * side) * turn.T, middle)

    def extract(self, image: np.ndarray, box, angle: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Cuts the crop out of a `(H, W, 3)` uint8 RGB photo.

        Returns:
            The `(size, size, 3)` uint8 crop, (0, 0, 0) outside the photo, and the photo-to-crop map.
        """
        matrix = self.transform(box, angle)
        return warp(image, matrix, (self.size, self.size)), matrix

    def to_crop(self, matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Photo pixels to crop pixels."""
        return apply_affine(matrix, points)

    def to_photo(self, matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Crop pixels to photo pixels."""
        return apply_affine(invert(matrix), points)

    def get_config(self) -> dict:
        """Plain dict that rebuilds the spec."""
        return asdict(self) | {"shift": list(self.shift)}

    @classmethod
    def from_config(cls, config: dict) -> CropSpec:
        """Rebuilds a spec from `get_config`."""
        return cls(**config)


def _is_number(value: Any) -> bool:
    number: Any = value  # `Real` has no types of its comparisons
    return isinstance(value, Real) and not isinstance(value, bool) and -1e9 < number < 1e9
