"""Metadata of exported files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kerasalign._version import __version__
from kerasalign.markups.files import markup_spec

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel


def describe(model: LandmarkModel, outputs: list[str], *, quantize: str, input_dtype: str) -> dict[str, str]:
    """Metadata of a file: all that a program needs to use it, and where its weights come from.

    Args:
        model: The network. A model of `kerasalign.load` has an `origin`, which gives preset and license.
        outputs: Names of the file's outputs.
        quantize: How its weights are stored.
        input_dtype: Dtype of the crops that it takes.

    Returns:
        Text by name.
    """
    origin = model.origin
    weights = origin.weights if origin else None
    commercial_use = origin.commercial_use if origin else None
    calibration = model.error_calibration
    return {
        "kerasalign": __version__,
        "preset": origin.name if origin else "",
        "model": type(model).__name__,
        "markup": json.dumps(markup_spec(model.markup)) if model.markup else "",
        "crop": json.dumps(model.crop_spec.get_config()),
        "input": json.dumps({"name": "crops", "dtype": input_dtype, "layout": "NHWC", "colors": "RGB, 0..255"}),
        "outputs": json.dumps(outputs),
        "quantize": quantize,
        "license": "" if weights is None or commercial_use is None else weights.license,
        "commercial_use": {True: "yes", False: "no", None: "unknown"}[commercial_use],
        "weights_sha256": weights_digest(model),
        "error_calibration": json.dumps(asdict(calibration)) if calibration else "",
    }


def read_value(metadata: Mapping[str, str], key: str, source: object) -> Any:
    """A JSON value of a file's metadata.

    Raises:
        ValueError: If it is missing or damaged.
    """
    try:
        return json.loads(metadata[key])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The file is damaged: its metadata `{key}` cannot be read. Received: {source}") from error


def weights_digest(model: LandmarkModel) -> str:
    """SHA-256 of all weights in their order, in hexadecimal."""
    digest = sha256()
    for value in model.get_weights():
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
