"""Exported networks, used like models; importing this loads no backend."""

from __future__ import annotations

import os
from pathlib import Path

from kerasalign.models.musica.onnx_cascade import FILE, OnnxCascade
from kerasalign.runtimes.litert.reader import LiteRTModel
from kerasalign.runtimes.onnx.reader import OnnxModel
from kerasalign.runtimes.runtime_model import RuntimeModel
from kerasalign.runtimes.saved_model.reader import METADATA, SavedModel

__all__ = ["LiteRTModel", "OnnxCascade", "OnnxModel", "RuntimeModel", "SavedModel", "open_runtime"]


def open_runtime(path: str | os.PathLike, threads: int | None = None) -> RuntimeModel:
    """Opens what `kerasalign export` wrote, whatever its format.

    Args:
        path: The file or folder.
        threads: Threads of one pass; `None` leaves it to the runtime. TensorFlow has a setting of its own.

    Raises:
        FileNotFoundError: If nothing is there.
        ImportError: If its runtime is not installed.
        ValueError: If it is nothing that this library exports.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    if path.suffix == ".onnx":
        return OnnxModel(path, threads)
    if path.suffix == ".tflite":
        return LiteRTModel(path, threads)
    if (path / FILE.format(0)).is_file():
        return OnnxCascade(path, threads)
    if (path / METADATA).is_file():
        return SavedModel(path)
    raise ValueError(f"This is nothing that `kerasalign export` writes. Received: path={str(path)!r}")
