"""Writes a network as TensorFlow's SavedModel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.runtimes.functional import as_function
from kerasalign.runtimes.saved_model.reader import METADATA
from kerasalign.support.files import write_json

if TYPE_CHECKING:
    import keras


def write_saved_model(network: keras.Model, folder: Path, metadata: Mapping[str, str], quantize: str = "none") -> None:
    """Writes a functional network as a SavedModel with the signature `serving_default`.

    Args:
        network: A functional Keras model whose output is a dict.
        folder: An empty folder.
        metadata: Text by name; it is written to `assets.extra/kerasalign.json`.
        quantize: `"none"`: a SavedModel's weights are float32.

    Raises:
        ValueError: If `quantize` is something else.
    """
    import tensorflow as tf

    if quantize != "none":
        raise ValueError(f"The weights of a SavedModel are float32. Received: quantize={quantize!r}")
    function, _ = as_function(network)
    module: Any = tf.Module()
    module.variables_of_network = [variable.value for variable in network.variables]
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    write_json(folder / METADATA, dict(metadata))
