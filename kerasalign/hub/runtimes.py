"""Presets in other runtimes: exported once, then opened from the cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.hub.preset import Preset
from kerasalign.runtimes.cache import get_or_create

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel
    from kerasalign.runtimes.reader import RuntimeModel

logger = logging.getLogger(__name__)


def open_cached(
    preset: Preset, digest: str | None, runtime: str, quantize: str, make: Callable[[], LandmarkModel]
) -> RuntimeModel:
    """Opens a preset in another runtime; exports it first if the cache has no file of this network and these weights.

    Args:
        preset: The preset.
        digest: SHA-256 of its weights file; `None` for untrained weights, which differ each time and are not cached.
        runtime: One of `RUNTIMES`.
        quantize: How large weights are stored, as in `kerasalign.export`.
        make: Builds the Keras model to export.

    Raises:
        ParityError: If the exported file does not compute what the model computes.
    """
    from kerasalign.runtimes.reader import open_runtime

    def write(folder: Path) -> Path:
        return _export(make(), folder, runtime, quantize)

    content = None if digest is None else [runtime, quantize, digest, dict(preset.architecture), dict(preset.crop)]
    return get_or_create(preset.name, content, write, open_runtime)


def _export(model: LandmarkModel, folder: Path, runtime: str, quantize: str) -> Path:
    from kerasalign.runtimes import export_model

    options: dict[str, Any]
    if runtime == "litert":
        path, options = folder / "model.tflite", {"format": "litert"}
    elif model.staged_format:
        path, options = folder / "model", {"early_exit": True}
    else:
        path, options = folder / "model.onnx", {}
    # Floats cost nothing measurable, and `uint8` crops fit too.
    report = export_model(model, path, quantize=quantize, input_dtype="float32", **options)
    logger.info("%s", report)
    return path
