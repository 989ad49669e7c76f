"""Writes a network as a file of LiteRT."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.runtimes.litert.reader import METADATA
from kerasalign.runtimes.saved_model.writer import write_saved_model

if TYPE_CHECKING:
    import keras


def write_litert(network: keras.Model, path: Path, metadata: Mapping[str, str], quantize: str = "none") -> None:
    """Writes a functional network as a `.tflite` file with the signature `serving_default`.

    Args:
        network: A functional Keras model whose output is a dict.
        path: The file.
        metadata: Text by name; it becomes JSON in a zip archive at the end of the file.
        quantize: `"none"`; `"float16"` stores weights as float16; `"int8"` also multiplies by int8 where LiteRT can.
    """
    import tensorflow as tf

    # By way of a SavedModel: a conversion from the function itself loses weights silently.
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(network, Path(folder), metadata)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(METADATA, json.dumps(dict(metadata), indent=1))
