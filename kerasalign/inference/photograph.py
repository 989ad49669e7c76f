"""The photo that faces are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasalign.support.images import load_image


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photo that is read when its pixels are asked for, or whose pixels were kept.

    Args:
        source: The photo as it was given to `align`.
        size: `(width, height)` in pixels.
        image: Its pixels, `(H, W, 3)` uint8 RGB.
    """

    source: Any
    size: tuple[int, int] = (0, 0)
    image: np.ndarray | None = None

    def read(self) -> np.ndarray:
        """The pixels.

        Raises:
            ImageError: If they were not kept and the source cannot be read.
        """
        return load_image(self.source) if self.image is None else self.image
