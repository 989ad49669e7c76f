"""The terms of weights beside what Keras' own `export` writes."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.runtimes.litert.reader import METADATA as IN_LITERT
from kerasalign.runtimes.metadata import describe
from kerasalign.runtimes.saved_model.reader import METADATA as IN_SAVED_MODEL
from kerasalign.support.files import write_json

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

# What is true of a file of Keras: not how its crops are cut and its inputs and outputs are named.
_KEYS = ("kerasalign", "preset", "model", "license", "commercial_use", "weights_sha256")
#: Behind the name of a file of a format that holds no text of others.
SUFFIX = ".terms.json"


def write_terms(model: LandmarkModel, path: str | os.PathLike[str], format: str) -> None:
    """Writes where a model's weights come from, and their terms, into or beside an artifact of `keras.Model.export`.

    Args:
        model: The model.
        path: The artifact.
        format: `"tf_saved_model"` gets a file in its folder of extra assets, `"onnx"` metadata, `"litert"` an archive
            at its end, and any other format a file of JSON beside it.
    """
    path = Path(path)
    metadata = describe(model, [], quantize="none", input_dtype="float32")
    terms = {key: metadata[key] for key in _KEYS}
    if format == "tf_saved_model":
        write_json(path / IN_SAVED_MODEL, terms)
    elif format == "onnx":
        import onnx
        import onnx.helper

        proto = onnx.load(str(path), load_external_data=False)
        onnx.helper.set_model_props(proto, terms)
        onnx.save(proto, str(path))
    elif format == "litert":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(IN_LITERT, json.dumps(terms, indent=1))
    else:
        write_json(path.with_name(path.name + SUFFIX), terms)
