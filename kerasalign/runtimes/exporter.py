"""From a model to a file that other runtimes open, checked on real crops before it is kept."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasalign.runtimes.crops import portrait_crops
from kerasalign.runtimes.errors import ParityError
from kerasalign.runtimes.formats import CASCADE, FORMATS, Format
from kerasalign.runtimes.metadata import describe
from kerasalign.runtimes.onnx.writer import output_order
from kerasalign.runtimes.parity import Parity, compare, latencies
from kerasalign.runtimes.reader import RuntimeModel, open_runtime
from kerasalign.runtimes.report import ExportReport

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

logger = logging.getLogger(__name__)

# Largest difference of an output other than landmarks, relative to its largest value, where weights are as they were.
_OTHERS = 0.01


def export_model(
    model: LandmarkModel,
    path: str | os.PathLike,
    format: str = "onnx",
    quantize: str = "none",
    *,
    early_exit: bool = False,
    deform_conv: str = "gather",
    tolerance: float | None = None,
    input_dtype: str = "uint8",
    crops: np.ndarray | None = None,
) -> ExportReport:
    """Writes a model for other runtimes: preprocessing inside, any number of crops, what only training needs left out.

    The file takes `crops`, `(B, S, S, 3)` RGB in 0..255, and gives `landmarks`, `(B, N, 2)` in crop pixels, and the
    model's other outputs. It says of itself which markup, crop, licence and weights it has. It is opened and compared
    with the model on crops of a photo; where they differ it is not kept. `kerasalign.runtimes.reader.open_runtime`
    gives it back as an object that is used like the model.

    Args:
        model: The model; mixed precision is exported as float32.
        path: The file to write, `.onnx` or `.tflite`; a folder for `"tf_saved_model"` and for `early_exit`.
        format: `"onnx"`, `"litert"` or `"tf_saved_model"`.
        quantize: How large weights are stored: `"none"` as float32; `"float16"`; `"int8"`, which also computes with
            them. A SavedModel is not quantised.
        early_exit: ONNX, for a cascade: one file per iteration in a folder, so that faces that are finished leave the
            batch in between.
        deform_conv: ONNX, for a network with deformable convolutions: `"gather"` writes them as gathers and products,
            which every runtime knows; `"native"` as the operator `DeformConv` of opset 19.
        tolerance: Largest distance of a landmark from the model's, in crop pixels, that is accepted; by default 0.05,
            more for smaller weights: see `formats.FORMATS`.
        input_dtype: `"uint8"`, or `"float32"` for crops that may be floats.
        crops: `(B, S, S, 3)` uint8 crops to compare on, instead of 16 of a bundled portrait.

    Returns:
        What was written, how far it is from the model, its size and its speed.

    Raises:
        ParityError: If the file gives other results, or cannot be opened; it was not kept.
        ImportError: If what the format needs is not installed.
        FileExistsError: If a folder of that name holds something else.
        ValueError: If an argument is wrong, or Keras runs on another backend than TensorFlow.

    Example:

        model = kerasalign.load("musica19-synth")
        print(kerasalign.export(model, "musica19.onnx"))
    """
    path, native = Path(path), deform_conv == "native"
    kind = _check(path, format, quantize, input_dtype, early_exit, deform_conv)
    tolerance = kind.tolerances[quantize] if tolerance is None else float(tolerance)
    network = inference_twin(model)
    crops = portrait_crops(model.crop_spec) if crops is None else network.check_crops(crops)
    metadata = describe(model, output_order(network), quantize=quantize, input_dtype=input_dtype)
    if early_exit:
        written = network.inference_stages(input_dtype)
        if not written:
            raise ValueError(f"A {type(model).__name__} is no cascade. Received: early_exit=True")
        thresholds = {name: json.dumps(getattr(model, name)) for name in ("success_threshold", "failure_threshold")}
        metadata, wanted = metadata | thresholds, network.predict_crops(crops)
    else:
        from kerasalign.core.landmark_model import LandmarkModel

        # All outputs, also of a model whose own `predict_crops` stops early.
        written, wanted = with_input(network, input_dtype), LandmarkModel.predict_crops(network, crops)
    with kind.beside(path) as draft:
        logger.info("Converting %s", type(model).__name__)
        kind.write(written, draft, metadata, quantize, **({"deform_conv": deform_conv} if native else {}))
        runtime, parity = _compared(draft, path, crops, wanted)
        _judge(parity, path, tolerance, quantize)
        milliseconds, keras_milliseconds = latencies(
            [lambda: runtime.predict_crops(crops[:1]), lambda: network.predict_crops(crops[:1])]
        )
        size = kind.size(draft)
    return ExportReport(path, format, quantize, size, parity, tolerance, milliseconds, keras_milliseconds)


def inference_twin(model: LandmarkModel) -> LandmarkModel:
    """The network that is exported: without what only training needs, in float32."""
    network = model.inference_network()
    config = network.get_config()
    if config.get("dtype") in (None, "float32"):
        return network
    twin = type(network).from_config(config | {"dtype": "float32"})
    twin.set_weights(network.get_weights())
    return twin


def with_input(network: LandmarkModel, dtype: str):
    """A functional network around a model that takes crops of a dtype, by the name `crops`."""
    import keras

    size = network.crop_spec.size
    crops = keras.Input((size, size, 3), dtype=dtype, name="crops")
    return keras.Model(crops, network(crops))


def _compared(draft: Path, path: Path, crops: np.ndarray, wanted: dict) -> tuple[RuntimeModel, Parity]:
    """The opened file, and how far its results are, for all crops at once and for the first one alone."""
    try:
        runtime = open_runtime(draft)
        every, one = runtime.predict_crops(crops), runtime.predict_crops(crops[:1])
        found = {key: np.concatenate([every[key], one[key]]) for key in every}
        parity = compare({key: np.concatenate([value, value[:1]]) for key, value in wanted.items()}, found)
    except ImportError:
        raise
    except Exception as error:  # runtimes raise errors of many kinds
        raise ParityError(f"{path} was not kept: what was written cannot be used. {error}") from error
    return runtime, replace(parity, crops=len(crops))


def _judge(parity: Parity, path: Path, tolerance: float, quantize: str) -> None:
    if not parity.max_error <= tolerance:
        raise ParityError(
            f"{path} was not kept: landmarks are up to {parity.max_error:.4g} px from those of Keras, "
            f"{parity.mean_error:.4g} px on average. Received: tolerance={tolerance:g}"
        )
    far = {key: value for key, value in parity.outputs.items() if value > _OTHERS}
    if far and quantize == "none":
        raise ParityError(
            f"{path} was not kept: other outputs differ from those of Keras by more than {_OTHERS:.0%} "
            f"of their largest value. Received: {far}"
        )


def _check(path: Path, format: str, quantize: str, input_dtype: str, early_exit: bool, deform_conv: str) -> Format:
    _one_of("format", format, tuple(FORMATS))
    kind = CASCADE if early_exit else FORMATS[format]
    if early_exit and format != "onnx":
        raise ValueError(f"A file per iteration is for format 'onnx'. Received: format={format!r}, early_exit=True")
    _one_of("quantize", quantize, tuple(kind.tolerances))
    _one_of("input_dtype", input_dtype, ("uint8", "float32"))
    _one_of("deform_conv", deform_conv, ("gather", "native"))
    if deform_conv == "native" and (format != "onnx" or early_exit):
        raise ValueError(
            "Deformable convolutions are an operator of ONNX alone, in a single file. "
            f"Received: format={format!r}, early_exit={early_exit}, deform_conv='native'"
        )
    if kind.suffix and path.suffix != kind.suffix:
        raise ValueError(f"A file of format '{format}' ends in '{kind.suffix}'. Received: path={str(path)!r}")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export goes through TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: backend {keras.backend.backend()!r}"
        )
    return kind


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
