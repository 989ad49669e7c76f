"""Deformable convolutions as ONNX's operator `DeformConv`, instead of gathers and products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from keras import ops

from kerasalign.layers import DeformConv2D

# TensorFlow has no such operator. In its graph this one stands for `DeformConv`; it never runs.
_PLACEHOLDER = "PyFuncStateless"


@contextmanager
def traced_natively(network) -> Iterator[dict[str, Any]]:
    """While the block runs, deformable convolutions of a network are traced as ONNX's `DeformConv`.

    Args:
        network: A functional Keras model.

    Yields:
        The argument `custom_op_handlers` of `tf2onnx.convert`.

    Raises:
        ValueError: If the network has no such layer.
    """
    layers = {id(layer): layer for layer in network._flatten_layers() if isinstance(layer, DeformConv2D)}
    if not layers:
        raise ValueError("This network has no deformable convolution. Received: deform_conv='native'")
    attributes_by_token: dict[str, dict[str, Any]] = {}

    def convert(graph, node, name, arguments):
        attributes = attributes_by_token[node.get_attr_str("token")]
        output = node.output[0]
        shapes, dtypes = [graph.get_shape(output)], [graph.get_dtype(output)]
        inputs, outputs = list(node.input), list(node.output)
        graph.remove_node(node.name)
        graph.make_node(
            "DeformConv",
            inputs,
            name=name,
            outputs=outputs,
            shapes=shapes,
            dtypes=dtypes,
            attr=attributes,
        )

    try:
        for layer in layers.values():
            # `object.__setattr__` avoids Keras' attribute tracking; the layer's own method is restored below.
            object.__setattr__(layer, "deformed", _placeholder(layer, attributes_by_token))
        yield {_PLACEHOLDER: (convert, [])}
    finally:
        for layer in layers.values():
            layer.__dict__.pop("deformed", None)


def _placeholder(layer: DeformConv2D, attributes_by_token: dict[str, dict[str, Any]]) -> Callable[..., Any]:
    """A method `deformed` for the layer that puts a placeholder into the graph.

    The placeholder's token is the key under which the operator's attributes are noted.
    """

    def deformed(images, offsets, training=None):
        import tensorflow as tf

        height, width = images.shape[1:3]
        offsets, inside = _as_onnx(layer, offsets, height, width)
        inputs = [
            _planes(images),
            ops.transpose(layer.kernel, (3, 2, 0, 1)),
            _planes(offsets),
            layer.bias if layer.use_bias else ops.zeros(layer.filters),
            *map(_planes, inside),
        ]
        inputs = [ops.cast(value, "float32") for value in inputs]
        result = tf.numpy_function(lambda *values: None, inputs, tf.float32, stateful=False)
        attributes_by_token[result.op.get_attr("token").decode()] = _attributes(layer, height, width)
        _, rows, columns, _ = layer.compute_output_shape((None, *images.shape[1:]))
        result = tf.ensure_shape(result, (None, layer.filters, rows, columns))
        return ops.transpose(result, (0, 2, 3, 1))

    return deformed


def _as_onnx(layer: DeformConv2D, offsets: Any, height: int, width: int) -> tuple[Any, tuple[Any, ...]]:
    """Offsets `(B, H', W', 2 G T)`, and for a border other than zeros also the operator's mask `(B, H', W', G T)`.

    The operator's border is zeros. MXNet's rule equals it when sampling positions are clipped to the image and the mask
    hides taps beyond it.
    """
    channels = 2 * layer.deformable_groups * layer.taps
    if layer.boundary == "zeros":
        return ops.reshape(offsets, (-1, *offsets.shape[1:3], channels)), ()
    grid = np.stack(list(layer._grid(height, width)), -1)[None, :, :, None]
    position, sides = offsets + grid, np.array([height, width], "float32")
    inside = ops.cast(ops.all((position >= 0) & (position < sides), axis=-1), "float32")
    shape = (-1, *offsets.shape[1:3])
    clipped = ops.clip(position, 0.0, sides - 1) - grid
    return ops.reshape(clipped, (*shape, channels)), (ops.reshape(inside, (*shape, channels // 2)),)


def _planes(values):
    """`(B, H, W, C)` as `(B, C, H, W)`."""
    return ops.transpose(values, (0, 3, 1, 2))


def _attributes(layer: DeformConv2D, height: int, width: int) -> dict[str, Any]:
    """Attributes of the operator `DeformConv` for images of this size."""
    before, after = [], []
    _, *output_sides, _ = layer.compute_output_shape((None, height, width, None))
    for side, count, kernel, step, spread in zip(
        (height, width), output_sides, layer.kernel_size, layer.strides, layer.dilation_rate
    ):
        missing = max((count - 1) * step + (kernel - 1) * spread + 1 - side, 0)
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return {
        "kernel_shape": layer.kernel_size,
        "strides": layer.strides,
        "dilations": layer.dilation_rate,
        "pads": [*before, *after],
        "group": layer.groups,
        "offset_group": layer.deformable_groups,
    }
