"""A preset in another runtime: exported once, then opened from the cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.hub.preset import Preset
from kerasalign.runtimes.cache import get_or_create

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel
    from kerasalign.runtimes.reader import RuntimeModel

logger = logging.getLogger(__name__)


def open_cached(
    preset: Preset, digest: str | None, runtime: str, quantize: str, make: Callable[[], LandmarkModel]
) -> RuntimeModel:
    """A preset in a runtime; its file is made where the cache holds none of these weights and this network.

    Args:
        preset: The preset.
        digest: Of its weights file; `None` for untrained weights, which differ each time: nothing is cached.
        runtime: One of `RUNTIMES`.
        quantize: How large weights are stored, as in `kerasalign.export`.
        make: Gives the model.

    Raises:
        ParityError: If what was exported does not give the model's results.
    """
    from kerasalign.runtimes.reader import open_runtime

    def write(folder: Path) -> Path:
        return _export(make(), folder, runtime, quantize)

    content = None if digest is None else [runtime, quantize, digest, dict(preset.architecture), dict(preset.crop)]
    return get_or_create(preset.name, content, write, open_runtime)


def _export(model: LandmarkModel, folder: Path, runtime: str, quantize: str) -> Path:
    from kerasalign.runtimes import export_model

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
