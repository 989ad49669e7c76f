"""An exported network that is used like the model that it was made from."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping

import numpy as np

from kerasalign.core.align_mixin import AlignMixin
from kerasalign.core.crop_model import check_crop_shape
from kerasalign.geometry import CropSpec
from kerasalign.markups import register_markup
from kerasalign.markups.files import markup_of


class RuntimeModel(AlignMixin):
    """Crops to landmarks without Keras; what `align` needs of a model. Subclasses implement `run`.

    Attributes:
        runtime: What it runs in; the library's own detector runs there too, where `align` is given its name.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns:
        Dict of arrays, as of the model; `"landmarks"` is `(B, N, 2)` float32, x then y, in crop pixels.

    Args:
        metadata: What the file says of itself, text by name.
        source: The file, for messages.

    Raises:
        ValueError: If the file is none of this library's, or another markup of that name is registered.
    """

    runtime = "keras"
    outputs: list[str]

    def __init__(self, metadata: Mapping[str, str], source):
        if "crop" not in metadata or "input" not in metadata:
            raise ValueError(f"Only files that `kerasalign export` wrote say how they are used. Received: {source}")
        self.source = str(source)
        self.metadata = dict(metadata)
        self.name = metadata.get("preset") or metadata.get("model", "")
        self.crop_spec = CropSpec.from_config(json.loads(metadata["crop"]))
        spec = metadata.get("markup")
        self.markup = register_markup(markup_of(json.loads(spec), source), exist_ok=True) if spec else None
        self.input_dtype = json.loads(metadata["input"])["dtype"]

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """Runs the file on `(B, S, S, 3)` crops of its own dtype, B at least 1.

        Args:
            crops: The crops.
            outputs: Names of the outputs to give, as far as the file has them; `None`: all.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement run(crops, outputs).")

    def wanted(self, outputs: Container[str] | None) -> list[str]:
        """Those of the file's outputs that are asked for."""
        return [name for name in self.outputs if outputs is None or name in outputs]

    def __call__(self, crops) -> dict[str, np.ndarray]:
        return self.predict_crops(crops, batch_size=max(len(crops), 1))

    def predict_crops(
        self, crops, batch_size: int = 64, outputs: Container[str] | None = None, **options
    ) -> dict[str, np.ndarray]:
        """As `LandmarkModel.predict_crops`.

        Args:
            crops: `(B, S, S, 3)` `uint8` or float32 in 0..255; B may be 0.
            batch_size: Crops per pass.
            outputs: Names of the outputs to give, as far as the model has them; ONNX Runtime computes no others. By
                default all.
            **options: Of the runtime's `run`.

        Raises:
            ValueError: If crops are of another shape, or floats where the file takes `uint8`.
        """
        crops = self.check_crops(crops)
        # A pass over nothing is one over a black crop, of whose results nothing is kept.
        some = crops if len(crops) else np.zeros((1, *crops.shape[1:]), crops.dtype)
        starts = range(0, len(some), batch_size)
        parts = [self.run(some[start : start + batch_size], outputs, **options) for start in starts]
        return {key: np.concatenate([part[key] for part in parts])[: len(crops)] for key in parts[0]}

    def check_crops(self, crops) -> np.ndarray:
        """Returns crops as an array that the file takes, or says what is wrong with them."""
        crops = check_crop_shape(crops, self.crop_spec.size)
        if self.input_dtype == "uint8" and crops.dtype != np.uint8:
            raise ValueError(
                "This file takes uint8 crops; `export(..., input_dtype='float32')` makes one for both. "
                f"Received: crops of {crops.dtype}"
            )
        return crops.astype(self.input_dtype, copy=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {self.source})"
