"""A network as TensorFlow's SavedModel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kerasalign.runtimes.onnx.writer import as_function
from kerasalign.runtimes.saved_model.reader import METADATA
from kerasalign.support.files import write_json


def write_saved_model(network, folder: Path, metadata: Mapping[str, str]) -> None:
    """Writes a functional network as a SavedModel with the signature `serving_default`.

    Args:
        network: A functional Keras model whose output is a dict.
        folder: The folder, empty.
        metadata: What the file says of itself, text by name: `assets.extra/kerasalign.json`.
    """
    import tensorflow as tf

    function, _ = as_function(network)
    module = tf.Module()
    module.variables_of_network = [variable.value for variable in network.variables]
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    write_json(folder / METADATA, dict(metadata))
