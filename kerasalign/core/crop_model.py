"""The contract that `align` needs of a model: a Keras network, or one in another runtime."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup
from kerasalign.support.pixels import check_crop_values


@runtime_checkable
class CropModel(Protocol):
    """A function from face crops to landmarks, with all that `align` has to know of it.

    `LandmarkModel` and `RuntimeModel` fulfill it. A class of your own needs these four names and can then be given to
    `kerasalign.inference.align`.

    Plain attributes of these names will do.
    """

    @property
    def markup(self) -> Markup | None:
        """The point scheme of the landmarks; `align` refuses `None`."""
        ...

    @property
    def crop_spec(self) -> CropSpec:
        """How a face is cut out of a photo."""
        ...

    @property
    def runtime(self) -> str:
        """`"keras"`, `"onnxruntime"` or `"litert"`: the library's own detector runs in the same."""
        ...

    def predict_crops(
        self, crops: Any, batch_size: int = 64, outputs: Container[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the model on crops. Further arguments are the model's own; `align` passes them on.

        Args:
            crops: `(B, S, S, 3)` RGB, `uint8` or float32 in 0..255; B may be 0.
            batch_size: Crops per forward pass.
            outputs: Names of the outputs to return, as far as the model has them; by default all.

        Returns:
            Arrays by name; `"landmarks"` is `(B, N, 2)` in crop pixels.
        """
        ...


def check_crops(crops: Any, size: int) -> np.ndarray:
    """Crops as an array.

    Raises:
        ValueError: If they are not `(B, size, size, 3)`, or have values in another range than 0..255, as 0..1.
    """
    crops = np.asarray(crops)
    if crops.ndim != 4 or crops.shape[1:] != (size, size, 3):
        raise ValueError(f"`crops` must be (B, {size}, {size}, 3). Received: shape {crops.shape}")
    check_crop_values(crops)
    return crops
