"""An exported network, used like the model that it was exported from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from pickle import PicklingError
from typing import Any

import numpy as np

from kerasalign.core.align_mixin import AlignMixin
from kerasalign.core.crop_model import check_crops
from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.core.origin import from_fields
from kerasalign.geometry import CropSpec
from kerasalign.markups import register_markup
from kerasalign.markups.files import markup_of
from kerasalign.runtimes.metadata import read_value


class RuntimeModel(AlignMixin):
    """A function from crops to landmarks that needs no Keras: a `CropModel`. Subclasses implement `run`.

    Attributes:
        runtime: What runs the file. The library's own detector runs there too, when `align` gets it by name.
        outputs: Names of the file's outputs.
        error_calibration: What the network's error estimates mean; `None` where it is not known.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns:
        Dict of arrays, as the model returns it; `"landmarks"` is `(B, N, 2)` float32, x then y, in crop pixels.

    Args:
        metadata: The file's metadata, text by name; see `runtimes.metadata.describe`.
        source: The file.
        threads: Number of threads of one pass; `None`: the runtime decides.

    Raises:
        ValueError: If this library did not write the file, or another markup of that name is registered.
    """

    runtime = "keras"
    outputs: list[str]
    error_calibration: ErrorCalibration | None
    # The files of a network from a pickle, where there are none at `source`.
    _files: Mapping[str, bytes] = {}

    def __init__(self, metadata: Mapping[str, str], source: str | os.PathLike[str], threads: int | None = None):
        if "crop" not in metadata or "input" not in metadata:
            raise ValueError(f"Only files that `kerasalign export` wrote say how they are used. Received: {source}")
        self.source = str(source)
        self.threads = threads
        self.metadata = dict(metadata)
        self.name = metadata.get("preset") or metadata.get("model", "")
        self.crop_spec = CropSpec.from_config(read_value(metadata, "crop", source))
        spec = metadata.get("markup")
        self.markup = (
            register_markup(markup_of(read_value(metadata, "markup", source), source), exist_ok=True) if spec else None
        )
        calibration = read_value(metadata, "error_calibration", source) if metadata.get("error_calibration") else None
        self.error_calibration = calibration and from_fields(ErrorCalibration, calibration)
        self.input_dtype = str(read_value(metadata, "input", source).get("dtype"))

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """Runs the file on `(B, S, S, 3)` crops of its own dtype, B at least 1.

        Args:
            crops: The crops.
            outputs: Names of the outputs to return, as far as the file has them; `None`: all.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement run(crops, outputs).")

    def selected(self, outputs: Container[str] | None) -> list[str]:
        """Names of the file's outputs that are among `outputs`; all for `None`."""
        return [name for name in self.outputs if outputs is None or name in outputs]

    def __call__(self, crops) -> dict[str, np.ndarray]:
        return self.predict_crops(crops, batch_size=max(len(crops), 1))

    def predict_crops(
        self, crops, batch_size: int = 64, outputs: Container[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the file on crops, as `LandmarkModel.predict_crops` runs a model.

        Args:
            crops: `(B, S, S, 3)` `uint8` or float32 in 0..255; B may be 0.
            batch_size: Crops per pass.
            outputs: Names of the outputs to return, as far as the file has them; by default all. ONNX Runtime does not
                compute the others.

        Returns:
            Arrays by name; `"landmarks"` is `(B, N, 2)` float32 in crop pixels.

        Raises:
            ValueError: If crops are of another shape or range, or floats where the file takes `uint8`.
        """
        return self._run_in_batches(crops, batch_size, outputs)

    def _run_in_batches(
        self, crops, batch_size: int, outputs: Container[str] | None, **options: Any
    ) -> dict[str, np.ndarray]:
        """As `predict_crops`; options are further arguments of `run`."""
        crops = self.check_crops(crops)
        # Runtimes want at least one crop: for no crops, a black one runs and its results are dropped.
        batches = crops if len(crops) else np.zeros((1, *crops.shape[1:]), crops.dtype)
        starts = range(0, len(batches), batch_size)
        parts = [self.run(batches[start : start + batch_size], outputs, **options) for start in starts]
        return {key: np.concatenate([part[key] for part in parts])[: len(crops)] for key in parts[0]}

    def check_crops(self, crops) -> np.ndarray:
        """Crops as an array that the file takes.

        Raises:
            ValueError: If they are of another shape, or floats where the file takes `uint8`.
        """
        crops = check_crops(crops, self.crop_spec.size)
        if self.input_dtype == "uint8" and crops.dtype != np.uint8:
            raise ValueError(
                "This file takes uint8 crops; `export(..., input_dtype='float32')` makes one for both. "
                f"Received: crops of {crops.dtype}"
            )
        return crops.astype(self.input_dtype, copy=False)

    def settings(self) -> dict[str, Any]:
        """Attributes that a caller may have changed since the file was opened; a pickle restores them."""
        return {"error_calibration": self.error_calibration}

    def __reduce__(self):
        # Sessions and interpreters cannot be pickled. The files go along: the other process may be on another machine.
        path = Path(self.source)
        names = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
        files = {name.relative_to(path.parent).as_posix(): name.read_bytes() for name in names} or self._files
        if not files:
            raise PicklingError(
                f"The file of this network is gone: it was in a temporary folder, or was removed. Received: {self!r}"
            )
        return _reopened, (type(self), path.name, files, self.threads, self.source, self.settings())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {self.source})"


def _reopened(
    kind: Callable[..., RuntimeModel],
    name: str,
    files: Mapping[str, bytes],
    threads: int | None,
    source: str,
    settings: Mapping[str, Any],
) -> RuntimeModel:
    """The network of a pickle: opened from its files, which are written to a temporary folder."""
    # Windows does not remove files that are still mapped into memory.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for file, content in files.items():
            path = Path(folder) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        model = kind(Path(folder) / name, threads)
    vars(model).update(settings, source=source)
    if not Path(source).exists():
        model._files = dict(files)
    return model
