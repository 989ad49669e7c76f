"""Exports a model to a file of another runtime; the file is compared with the model before it is kept."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasalign.runtimes.crops import portrait_crops
from kerasalign.runtimes.errors import ParityError
from kerasalign.runtimes.format import Format
from kerasalign.runtimes.functional import output_order, with_input
from kerasalign.runtimes.metadata import describe
from kerasalign.runtimes.parity import Parity, compare, latencies
from kerasalign.runtimes.registry import get_format
from kerasalign.runtimes.report import ExportReport
from kerasalign.runtimes.runtime_model import RuntimeModel

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

logger = logging.getLogger(__name__)

# Largest accepted difference of an output other than landmarks, relative to its largest value, for float32 weights.
_OUTPUT_TOLERANCE = 0.01
_INPUT_DTYPES = ("uint8", "float32")


def export_model(
    model: LandmarkModel,
    path: str | os.PathLike[str],
    format: str = "onnx",
    quantize: str = "none",
    *,
    early_exit: bool = False,
    tolerance: float | None = None,
    input_dtype: str = "uint8",
    crops: np.ndarray | None = None,
    **options: str,
) -> ExportReport:
    """Writes a model for another runtime: preprocessing inside, any number of crops, without what only training needs.

    The file takes `crops`, `(B, S, S, 3)` RGB in 0..255, and returns `landmarks`, `(B, N, 2)` in crop pixels, and the
    model's other outputs. Its metadata names markup, crop, license and weights. It is opened and compared with the
    model on crops of a photo; a file that differs is not kept. `kerasalign.runtimes.open_runtime` opens it as an
    object that is used like the model.

    Args:
        model: The model; one in mixed precision is exported as float32.
        path: The file to write, `.onnx` or `.tflite`; a folder for `"tf_saved_model"` and for `early_exit`.
        format: `"onnx"`, `"litert"`, `"tf_saved_model"`, or another of `list_formats`.
        quantize: How large weights are stored: `"none"` as float32; `"float16"`; `"int8"`, which also multiplies by
            int8. A SavedModel takes `"none"` only.
        early_exit: For a cascade: writes one file per iteration into a folder, so that finished faces leave the batch
            between iterations. The format is the model's `staged_format`.
        tolerance: Largest accepted distance of a landmark from the model's, in crop pixels; by default that of the
            format for this `quantize`: 0.05 for float32 weights, more for smaller ones.
        input_dtype: Dtype of the crops: `"uint8"`, or `"float32"` for a file that takes both.
        crops: `(B, S, S, 3)` uint8 crops to compare on; by default 16 of a bundled portrait.
        **options: Options of the format. ONNX has `deform_conv`, for a network with deformable convolutions:
            `"gather"` writes them as gathers and products, which every runtime knows, `"native"` as the operator
            `DeformConv` of opset 19.

    Returns:
        The report: the file, its differences from the model, its size and its speed.

    Raises:
        ParityError: If the file gives other results, or cannot be opened; it was not kept.
        ImportError: If a package that the format needs is not installed.
        FileExistsError: If a folder of that name holds something else.
        ValueError: If an argument is wrong, or Keras runs on another backend than TensorFlow.

    Example:

        model = kerasalign.load("musica19-synth")
        print(kerasalign.export(model, "musica19.onnx"))
    """
    from kerasalign.core.landmark_model import check_landmark_model

    check_landmark_model(model)
    path = Path(path)
    kind = _choose_format(model, format, early_exit)
    _check_arguments(kind, path, quantize, input_dtype)
    kind.check_options(options)
    tolerance = kind.tolerances[quantize] if tolerance is None else float(tolerance)
    network = float32_inference_network(model)
    crops = portrait_crops(model.crop_spec) if crops is None else network.check_crops(crops)
    metadata = describe(model, output_order(network), quantize=quantize, input_dtype=input_dtype)
    if kind.staged:
        content, expected = network.inference_stages(input_dtype), network.predict_crops(crops)
        metadata |= network.stage_metadata()
    else:
        content, expected = with_input(network, input_dtype), network.predict_all_outputs(crops)
    with kind.draft(path) as draft:
        logger.info("Converting %s", type(model).__name__)
        kind.write(content, draft, metadata, quantize, **options)
        runtime, parity = _open_and_compare(kind, draft, path, crops, expected)
        _check_parity(parity, path, tolerance, quantize)
        milliseconds, keras_milliseconds = latencies(
            [lambda: runtime.predict_crops(crops[:1]), lambda: network.predict_crops(crops[:1])]
        )
        size = kind.size(draft)
    return ExportReport(path, format, quantize, size, parity, tolerance, milliseconds, keras_milliseconds)


def float32_inference_network(model: LandmarkModel) -> LandmarkModel:
    """The network that is exported: without what only training needs, in float32."""
    network = model.inference_network()
    config = network.get_config()
    if config.get("dtype") in (None, "float32"):
        return network
    twin = type(network).from_config(config | {"dtype": "float32"})
    twin.set_weights(network.get_weights())
    return twin


def _choose_format(model: LandmarkModel, name: str, early_exit: bool) -> Format:
    """The format of this name; for `early_exit` the one of the model's stages, if the same runtime runs both."""
    format = get_format(name)
    if early_exit and not format.staged:
        if model.staged_format is None:
            raise ValueError(f"A {type(model).__name__} is no cascade. Received: early_exit=True")
        staged = get_format(model.staged_format)
        if staged.runtime != format.runtime:
            raise ValueError(
                f"The iterations of a {type(model).__name__} are files for {staged.runtime}. "
                f"Received: format={name!r}, early_exit=True"
            )
        format = staged
    if format.staged and format.name != model.staged_format:
        raise ValueError(f"A {type(model).__name__} has no stages of this format. Received: format={format.name!r}")
    return format


def _check_arguments(format: Format, path: Path, quantize: str, input_dtype: str) -> None:
    for name, value, known in (
        ("quantize", quantize, tuple(format.tolerances)),
        ("input_dtype", input_dtype, _INPUT_DTYPES),
    ):
        if value not in known:
            raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
    if format.suffix and path.suffix != format.suffix:
        raise ValueError(f"A file of format '{format.name}' ends in '{format.suffix}'. Received: path={str(path)!r}")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export goes through TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: backend {keras.backend.backend()!r}"
        )


def _open_and_compare(
    format: Format, draft: Path, path: Path, crops: np.ndarray, expected: dict[str, np.ndarray]
) -> tuple[RuntimeModel, Parity]:
    """The opened file, and its differences from the expected results, for all crops at once and for the first alone."""
    try:
        runtime = format.open(draft, None)
        together, alone = runtime.predict_crops(crops), runtime.predict_crops(crops[:1])
        actual = {key: np.concatenate([together[key], alone[key]]) for key in together}
        parity = compare({key: np.concatenate([value, value[:1]]) for key, value in expected.items()}, actual)
    except ImportError:
        raise
    except Exception as error:  # runtimes raise errors of many kinds
        raise ParityError(f"{path} was not kept: what was written cannot be used. {error}") from error
    return runtime, replace(parity, crops=len(crops))


def _check_parity(parity: Parity, path: Path, tolerance: float, quantize: str) -> None:
    if not parity.max_error <= tolerance:
        raise ParityError(
            f"{path} was not kept: landmarks are up to {parity.max_error:.4g} px from those of Keras, "
            f"{parity.mean_error:.4g} px on average. Received: tolerance={tolerance:g}"
        )
    too_far = {key: value for key, value in parity.outputs.items() if value > _OUTPUT_TOLERANCE}
    if too_far and quantize == "none":
        raise ParityError(
            f"{path} was not kept: other outputs differ from those of Keras by more than {_OUTPUT_TOLERANCE:.0%} "
            f"of their largest value. Received: {too_far}"
        )
