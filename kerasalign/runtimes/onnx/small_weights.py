"""Smaller forms of an ONNX file's weights: the network stays as it is, and so do its small weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Where fewer numbers are, bytes are few and precision counts: biases, normalisations, small convolutions.
_LEAST = {"float16": 1024, "int8": 100_000}
# Numbers that share a scale; ONNX Runtime multiplies blocks of int8 by activations that it rounds to int8 (level 4),
# the only one of its ways that is faster than float32.
_BLOCK, _LEVEL = 128, 4
_CONVOLUTIONS = ("Conv", "ConvTranspose", "DeformConv")


def quantise(made, kind: str) -> None:
    """Stores the large weights of an ONNX model in another type, in place.

    `"float16"` halves the file; weights are float32 again once it is loaded. `"int8"` makes matrices that are
    multiplied by `MatMul` (dense layers) int8 in memory too, in blocks of 128 numbers with a scale each, and keeps
    kernels of convolutions as int8 in the file alone, with a scale per output channel.

    Args:
        made: The `onnx.ModelProto`.
        kind: `"float16"` or `"int8"`.

    Raises:
        ValueError: If it has no weights that are large enough.
    """
    from onnx import helper, numpy_helper

    weights = list(_large_weights(made.graph, _LEAST[kind]))
    if not weights:
        raise ValueError(
            f"This network has no weights of {_LEAST[kind]} numbers or more, so nothing would change. "
            f"Received: quantize={kind!r}"
        )
    start, packed = [], False
    for tensor in weights:
        value, name = numpy_helper.to_array(tensor), tensor.name
        users = [node for node in made.graph.node if name in node.input]
        made.graph.initializer.remove(tensor)
        if kind == "float16":
            half = name + "/float16"
            made.graph.initializer.append(numpy_helper.from_array(value.astype("float16"), half))
            start.append(helper.make_node("Cast", [half], [name], to=1))
        elif value.ndim == 2 and all(node.op_type == "MatMul" and node.input[1] == name for node in users):
            packed = True
            numbers, scales = _in_blocks(value)
            made.graph.initializer.append(numpy_helper.from_array(numbers, name + "/int8"))
            made.graph.initializer.append(numpy_helper.from_array(scales, name + "/scale"))
            for node in users:
                _multiply_blocks(node, name, value.shape)
        else:
            # ONNX keeps the output channel of a convolution's kernel first, and of a matrix last.
            axes = tuple(range(1, value.ndim)) if value.ndim > 2 else (0,)
            scale = _scale(value, axes)
            rounded = np.round(value / scale).astype("int8")
            made.graph.initializer.append(numpy_helper.from_array(rounded, name + "/int8"))
            made.graph.initializer.append(numpy_helper.from_array(scale, name + "/scale"))
            start.append(helper.make_node("Cast", [name + "/int8"], [name + "/float32"], to=1))
            start.append(helper.make_node("Mul", [name + "/float32", name + "/scale"], [name]))
    nodes = [*start, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    if packed:
        made.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _large_weights(graph, least: int) -> Iterator:
    """Trained float32 weights: what the frozen graph read from a variable, not matrices that resize or sample."""
    # Turned as the operator wants them, or with a normalisation folded in, kernels have lost the variable's name. Those
    # of `BlurPool` come along, which float16 holds exactly.
    kernels = {node.input[1] for node in graph.node if node.op_type in _CONVOLUTIONS}
    for tensor in graph.initializer:
        trained = "ReadVariableOp" in tensor.name or tensor.name in kernels
        if tensor.data_type == 1 and trained and np.prod(tensor.dims) >= least:
            yield tensor


def _scale(value: np.ndarray, axes) -> np.ndarray:
    largest = np.abs(value).max(axes, keepdims=True)
    return (np.where(largest > 0, largest, 1) / 127).astype("float32")


def _in_blocks(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A `(K, N)` matrix as `(N, blocks, 128)` uint8 about 128, and `(N, blocks)` scales, as `MatMulNBits` wants it."""
    inner, outer = matrix.shape
    padded = np.pad(matrix.T, ((0, 0), (0, -inner % _BLOCK))).reshape(outer, -1, _BLOCK)
    scale = _scale(padded, -1)
    return (np.round(padded / scale) + 128).astype("uint8"), scale[..., 0]


def _multiply_blocks(node, name: str, shape: tuple[int, int]) -> None:
    from onnx import helper

    settings = {"K": shape[0], "N": shape[1], "bits": 8, "block_size": _BLOCK, "accuracy_level": _LEVEL}
    node.CopyFrom(
        helper.make_node(
            "MatMulNBits",
            [node.input[0], name + "/int8", name + "/scale"],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            **settings,
        )
    )
