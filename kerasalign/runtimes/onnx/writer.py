"""Writes a network as an ONNX file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.runtimes.functional import as_function, output_order
from kerasalign.runtimes.onnx.small_weights import quantize_weights

if TYPE_CHECKING:
    import keras

# The newest opset that ONNX Runtime's CPU provider covers in full and tf2onnx 1.17 writes.
OPSET = 18
# The first opset with `DeformConv`.
NATIVE_OPSET = 19


def write_onnx(
    network: keras.Model, path: Path, metadata: Mapping[str, str], quantize: str = "none", deform_conv: str = "gather"
) -> None:
    """Writes a functional network as ONNX: inputs by the names of its inputs, outputs by the keys of its output.

    Args:
        network: A functional Keras model whose output is a dict.
        path: The file.
        metadata: Text by name; it becomes the file's `metadata_props`.
        quantize: How weights are stored: `"none"` or a kind of `small_weights.quantize_weights`.
        deform_conv: What deformable convolutions become: `"gather"`, gathers and products, or `"native"`, ONNX's
            operator `DeformConv`.

    Raises:
        ImportError: If onnx or tf2onnx is not installed.
        ValueError: If there is nothing to quantize, or no deformable convolution to write natively.
    """
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            "Writing ONNX files needs onnx and tf2onnx, which are not installed: pip install 'kerasalign[onnx]'. "
            f"Received: {error}"
        ) from error

    from kerasalign.runtimes.onnx.native_deform_conv import traced_natively

    function, signature = as_function(network)
    native = deform_conv == "native"
    with traced_natively(network) if native else nullcontext() as handlers, _quiet("tf2onnx"):
        model, _ = tf2onnx.convert.from_function(
            function, input_signature=signature, opset=OPSET, custom_op_handlers=handlers
        )
    if native:
        # Of the operators that are written here, that version only widens what the one before allows.
        model.opset_import[0].version = NATIVE_OPSET
    # tf2onnx drops inputs that nothing reads, and sorts outputs by the alphabet.
    by_name = {output.name: output for output in model.graph.output}
    del model.graph.output[:]
    model.graph.output.extend(by_name[key] for key in output_order(network))
    model.producer_name = "kerasalign"
    onnx.helper.set_model_props(model, dict(metadata))
    if quantize != "none":
        quantize_weights(model, quantize)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Hides a library's warnings: what it could not convert shows when the file is opened and compared."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
