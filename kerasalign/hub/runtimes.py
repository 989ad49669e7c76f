"""Presets in other runtimes: exported once, then opened from the cache without Keras."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import kerasalign
from kerasalign.hub.preset import Preset

if TYPE_CHECKING:
    from kerasalign.inference.runtimes import RuntimeModel
    from kerasalign.models import LandmarkModel

logger = logging.getLogger(__name__)

RUNTIMES = ("onnxruntime", "litert")
# To be raised when what is exported changes for the same weights.
_VERSION = 1


def runtime_dir() -> Path:
    """Where files for other runtimes are kept: `$KERASALIGN_HOME/runtimes`, else among the Hugging Face assets."""
    if home := os.environ.get("KERASALIGN_HOME"):
        return Path(home).expanduser() / "runtimes"
    from huggingface_hub.constants import HF_ASSETS_CACHE

    return Path(HF_ASSETS_CACHE) / "kerasalign" / "runtimes"


def open_cached(
    preset: Preset, digest: str | None, runtime: str, make: Callable[[], LandmarkModel]
) -> RuntimeModel:
    """A preset in a runtime; its file is made where the cache holds none of these weights and this network.

    Args:
        preset: The preset.
        digest: Of its weights file; `None` for untrained weights, which differ each time: nothing is cached.
        runtime: One of `RUNTIMES`.
        make: Gives the model.

    Raises:
        ParityError: If what was exported does not give the model's results.
    """
    if digest is None:
        with tempfile.TemporaryDirectory() as folder:
            return _export(make(), Path(folder), runtime)
    content = [_VERSION, kerasalign.__version__, runtime, digest, dict(preset.architecture), dict(preset.crop)]
    key = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    folder = runtime_dir() / f"{preset.name}-{key[:16]}"
    if found := _open(folder):
        return found
    logger.info("Making the %s file of '%s' in %s", runtime, preset.name, folder)
    return _export(make(), folder, runtime)


def _open(folder: Path) -> RuntimeModel | None:
    from kerasalign.inference.runtimes import open_runtime

    for path in sorted(folder.glob("model*")):
        try:
            return open_runtime(path)
        except (ValueError, FileNotFoundError) as error:
            logger.warning("%s. It is made anew.", error)
    return None


def _export(model: LandmarkModel, folder: Path, runtime: str) -> RuntimeModel:
    from kerasalign.export import export_model
    from kerasalign.inference.runtimes import open_runtime

    if runtime == "litert":
        path, options = folder / "model.tflite", {"format": "litert"}
    elif model.inference_stages():
        path, options = folder / "model", {"early_exit": True}
    else:
        path, options = folder / "model.onnx", {}
    # Floats cost nothing measurable, and `uint8` crops fit too.
    report = export_model(model, path, input_dtype="float32", **options)
    logger.info("%s", report)
    return open_runtime(path)
