"""A network as TensorFlow's SavedModel."""

from __future__ import annotations

import json
import os
from collections.abc import Container
from pathlib import Path

import numpy as np

from kerasalign.runtimes.runtime_model import RuntimeModel

# TensorFlow's place for what others add to a SavedModel.
METADATA = "assets.extra/kerasalign.json"


class SavedModel(RuntimeModel):
    """A folder of `kerasalign export --format tf_saved_model`, run by TensorFlow.

    Args:
        path: The folder.

    Raises:
        FileNotFoundError: If it holds no such network.
    """

    def __init__(self, path: str | os.PathLike):
        import tensorflow as tf

        super().__init__(json.loads((Path(path) / METADATA).read_text("utf-8")), path)
        self._loaded = tf.saved_model.load(str(path))
        self._call = self._loaded.signatures["serving_default"]
        self.outputs = json.loads(self.metadata["outputs"])

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`."""
        import tensorflow as tf

        made = self._call(crops=tf.constant(crops))
        return {key: made[key].numpy() for key in self.wanted(outputs)}
