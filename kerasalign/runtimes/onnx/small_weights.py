"""Stores the large weights of an ONNX network in fewer bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

# Weights of fewer numbers stay float32: their bytes are few and their precision counts (biases, normalizations, small
# convolutions).
_SMALLEST = {"float16": 1024, "int8": 100_000}
# How many numbers share a scale. At accuracy level 4 ONNX Runtime rounds activations to int8 and multiplies int8 by
# int8: the only one of its levels that is faster than float32.
_BLOCK, _ACCURACY_LEVEL = 128, 4
_CONVOLUTIONS = ("Conv", "ConvTranspose", "DeformConv")


def quantize_weights(model: Any, kind: str, smallest: int | None = None) -> None:
    """Stores the large weights of an ONNX model in another type, in place.

    `"float16"` halves the file; weights are float32 again once it is loaded. `"int8"` makes matrices that are
    multiplied by `MatMul` (dense layers) int8 in memory too, in blocks of 128 numbers with a scale each, and keeps
    kernels of convolutions as int8 in the file alone, with a scale per output channel.

    Args:
        model: The `onnx.ModelProto`.
        kind: `"float16"` or `"int8"`.
        smallest: Weights of fewer numbers stay float32; by default 1,024 for `"float16"`, 100,000 for `"int8"`.

    Raises:
        ValueError: If no weight is large enough.
    """
    from onnx import helper, numpy_helper

    smallest = _SMALLEST[kind] if smallest is None else smallest
    weights = list(_large_weights(model.graph, smallest))
    if not weights:
        raise ValueError(
            f"This network has no weights of {smallest} numbers or more, so nothing would change. "
            f"Received: quantize={kind!r}"
        )
    start, packed = [], False
    for tensor in weights:
        value, name = numpy_helper.to_array(tensor), tensor.name
        users = [node for node in model.graph.node if name in node.input]
        model.graph.initializer.remove(tensor)
        if kind == "float16":
            half = name + "/float16"
            model.graph.initializer.append(numpy_helper.from_array(value.astype("float16"), half))
            start.append(helper.make_node("Cast", [half], [name], to=1))
        elif value.ndim == 2 and all(node.op_type == "MatMul" and node.input[1] == name for node in users):
            packed = True
            numbers, scales = _in_blocks(value)
            model.graph.initializer.append(numpy_helper.from_array(numbers, name + "/int8"))
            model.graph.initializer.append(numpy_helper.from_array(scales, name + "/scale"))
            for node in users:
                _multiply_blocks(node, name, value.shape)
        else:
            # ONNX keeps the output channel of a convolution's kernel first, and of a matrix last.
            axes = tuple(range(1, value.ndim)) if value.ndim > 2 else (0,)
            scale = _scale(value, axes)
            rounded = np.round(value / scale).astype("int8")
            model.graph.initializer.append(numpy_helper.from_array(rounded, name + "/int8"))
            model.graph.initializer.append(numpy_helper.from_array(scale, name + "/scale"))
            start.append(helper.make_node("Cast", [name + "/int8"], [name + "/float32"], to=1))
            start.append(helper.make_node("Mul", [name + "/float32", name + "/scale"], [name]))
    nodes = [*start, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    if packed:
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _large_weights(graph, smallest: int) -> Iterator:
    """Trained float32 weights of at least this many numbers, not the constant matrices that resize or sample."""
    # A trained weight has the name of a variable, except a kernel that was transposed or has a normalization folded in:
    # kernels of convolutions are taken whatever the name. Those of `BlurPool` are constant, and exact in float16.
    kernels = {node.input[1] for node in graph.node if node.op_type in _CONVOLUTIONS}
    for tensor in graph.initializer:
        trained = "ReadVariableOp" in tensor.name or tensor.name in kernels
        if tensor.data_type == 1 and trained and np.prod(tensor.dims) >= smallest:
            yield tensor


def _scale(value: np.ndarray, axes: int | tuple[int, ...]) -> np.ndarray:
    """The step of int8 for the largest number along these axes."""
    largest = np.abs(value).max(axes, keepdims=True)
    return (np.where(largest > 0, largest, 1) / 127).astype("float32")


def _in_blocks(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A `(K, N)` matrix in the layout of `MatMulNBits`.

    Returns:
        `(N, blocks, 128)` uint8, where 128 stands for zero, and `(N, blocks)` scales.
    """
    inner, outer = matrix.shape
    padded = np.pad(matrix.T, ((0, 0), (0, -inner % _BLOCK))).reshape(outer, -1, _BLOCK)
    scale = _scale(padded, -1)
    return (np.round(padded / scale) + 128).astype("uint8"), scale[..., 0]


def _multiply_blocks(node, name: str, shape: tuple[int, ...]) -> None:
    """Turns a `MatMul` node into a `MatMulNBits` of the int8 weight, in place."""
    from onnx import helper

    settings: dict[str, Any] = {
        "K": shape[0],
        "N": shape[1],
        "bits": 8,
        "block_size": _BLOCK,
        "accuracy_level": _ACCURACY_LEVEL,
    }
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
