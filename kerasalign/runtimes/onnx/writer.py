"""A network as an ONNX file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from kerasalign.runtimes.onnx.small_weights import quantise

# The newest that ONNX Runtime's CPU provider covers wholly and tf2onnx 1.17 writes.
OPSET = 18
# The first with `DeformConv`.
NATIVE_OPSET = 19


def write_onnx(
    network, path: Path, metadata: Mapping[str, str], quantize: str = "none", deform_conv: str = "gather"
) -> None:
    """Writes a functional network as ONNX: inputs by the names of its inputs, outputs by the keys of its output.

    Args:
        network: A functional Keras model whose output is a dict.
        path: The file.
        metadata: What the file says of itself, text by name.
        quantize: How weights are stored; see `onnx_weights.quantise`.
        deform_conv: What deformable convolutions become: `"gather"`, gathers and products, or `"native"`, ONNX's own
            operator.

    Raises:
        ImportError: If onnx or tf2onnx is not installed.
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
        made, _ = tf2onnx.convert.from_function(
            function, input_signature=signature, opset=OPSET, custom_op_handlers=handlers
        )
    if native:
        # Of the operators that are written here, that version only widens what the one before allows.
        made.opset_import[0].version = NATIVE_OPSET
    # Inputs that nothing reads are dropped, and outputs come in the order of the alphabet.
    by_name = {output.name: output for output in made.graph.output}
    del made.graph.output[:]
    made.graph.output.extend(by_name[key] for key in output_order(network))
    made.producer_name = "kerasalign"
    onnx.helper.set_model_props(made, dict(metadata))
    if quantize != "none":
        quantise(made, quantize)
    onnx.checker.check_model(made)
    onnx.save(made, str(path))


def as_function(network):
    """A `tf.function` of a functional network's inputs in their order, and its signature: any number of crops."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=x.name) for x in network.inputs]
    single = len(signature) == 1

    @tf.function(input_signature=signature, autograph=False)
    def function(*inputs):
        return network(inputs[0] if single else list(inputs), training=False)

    return function, signature


def output_order(network) -> list[str]:
    """Keys of a network's outputs, `landmarks` first."""
    return sorted(network.output, key=lambda key: (key != "landmarks", list(network.output).index(key)))


@contextmanager
def _quiet(name: str):
    """Holds back a library's notes; what it could not convert shows when the file is opened and compared."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
