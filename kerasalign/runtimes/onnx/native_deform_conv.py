"""Deformable convolutions as the operator that ONNX has for them, instead of gathers and products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from keras import ops

from kerasalign.layers import DeformConv2D

# What stands for the operator on the way through TensorFlow, which has none like it; it is never run.
_STAND_IN = "PyFuncStateless"


@contextmanager
def traced_natively(network) -> Iterator[dict]:
    """While the block runs, a network's deformable convolutions are traced as ONNX's `DeformConv`.

    Args:
        network: A functional Keras model.

    Returns:
        What `tf2onnx.convert` takes as `custom_op_handlers`.

    Raises:
        ValueError: If there is no such layer.
    """
    layers = {id(layer): layer for layer in network._flatten_layers() if isinstance(layer, DeformConv2D)}
    if not layers:
        raise ValueError("This network has no deformable convolution. Received: deform_conv='native'")
    settings: dict[str, dict] = {}

    def convert(graph, node, name, arguments):
        token = node.get_attr_str("token")
        output = node.output[0]
        shapes, dtypes = [graph.get_shape(output)], [graph.get_dtype(output)]
        inputs, outputs = list(node.input), list(node.output)
        graph.remove_node(node.name)
        graph.make_node(
            "DeformConv", inputs, name=name, outputs=outputs, shapes=shapes, dtypes=dtypes, attr=settings[token]
        )

    try:
        for layer in layers.values():
            # Past Keras' attribute tracking: the layer's own method is back right after.
            object.__setattr__(layer, "deformed", _stand_in(layer, settings))
        yield {_STAND_IN: (convert, [])}
    finally:
        for layer in layers.values():
            vars(layer).pop("deformed", None)


def _stand_in(layer: DeformConv2D, settings: dict[str, dict]) -> Callable:
    """A `deformed` of the layer that leaves a mark in the graph; what the mark means is noted in `settings`."""

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
        made = tf.numpy_function(lambda *values: None, inputs, tf.float32, stateful=False)
        settings[made.op.get_attr("token").decode()] = _attributes(layer, height, width)
        _, rows, columns, _ = layer.compute_output_shape((None, *images.shape[1:]))
        made = tf.ensure_shape(made, (None, layer.filters, rows, columns))
        return ops.transpose(made, (0, 2, 3, 1))

    return deformed


def _as_onnx(layer: DeformConv2D, offsets, height: int, width: int) -> tuple:
    """Offsets `(B, H', W', 2 G T)` for a border of zeros, and where that is another one the share of each tap.

    MXNet's rule is that of zeros for places that are moved onto the picture, if taps beyond it do not count.
    """
    channels = 2 * layer.deformable_groups * layer.taps
    if layer.boundary == "zeros":
        return ops.reshape(offsets, (-1, *offsets.shape[1:3], channels)), ()
    grid = np.stack(list(layer._grid(height, width)), -1)[None, :, :, None]
    place, sides = offsets + grid, np.array([height, width], "float32")
    inside = ops.cast(ops.all((place >= 0) & (place < sides), axis=-1), "float32")
    offsets = ops.clip(place, 0.0, sides - 1) - grid
    shape = (-1, *offsets.shape[1:3])
    return ops.reshape(offsets, (*shape, channels)), (ops.reshape(inside, (*shape, channels // 2)),)


def _planes(values):
    """`(B, H, W, C)` as `(B, C, H, W)`."""
    return ops.transpose(values, (0, 3, 1, 2))


def _attributes(layer: DeformConv2D, height: int, width: int) -> dict:
    """The operator's attributes."""
    before, after = [], []
    _, *made, _ = layer.compute_output_shape((None, height, width, None))
    for side, count, kernel, step, spread in zip(
        (height, width), made, layer.kernel_size, layer.strides, layer.dilation_rate
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
