"""Opens a network in TensorFlow's SavedModel format."""

from __future__ import annotations

import json
import os
from collections.abc import Container
from pathlib import Path

import numpy as np

from kerasalign.runtimes.metadata import read_value
from kerasalign.runtimes.runtime_model import RuntimeModel

# TensorFlow keeps this folder for what other programs add to a SavedModel.
METADATA = "assets.extra/kerasalign.json"


class SavedModel(RuntimeModel):
    """A folder of `kerasalign export --format tf_saved_model`, run by TensorFlow.

    Args:
        path: The folder.
        threads: Ignored: TensorFlow has one setting for the whole process.

    Raises:
        FileNotFoundError: If the folder holds no such network.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int | None = None):
        import tensorflow as tf

        super().__init__(json.loads((Path(path) / METADATA).read_text("utf-8")), path, threads)
        self._loaded = tf.saved_model.load(str(path))
        self._call = self._loaded.signatures["serving_default"]
        self.outputs = read_value(self.metadata, "outputs", path)

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`."""
        import tensorflow as tf

        result = self._call(crops=tf.constant(crops))
        return {key: result[key].numpy() for key in self.selected(outputs)}
