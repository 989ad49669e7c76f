"""Parameters and multiply-adds of any model, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops, tree

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """A row of a `Profile`: a layer of the model, or several that share a prefix.

    Attributes:
        name: Name of the layer or the prefix.
        parameters: Trainable parameters.
        macs: Multiply-adds of one face.
    """

    name: str
    parameters: int
    macs: int


@dataclass(frozen=True)
class Profile:
    """Parameters and multiply-adds of a network, by blocks in the order of their first use."""

    blocks: tuple[Block, ...]

    @property
    def parameters(self) -> int:
        """Trainable parameters of all blocks."""
        return sum(block.parameters for block in self.blocks)

    @property
    def macs(self) -> int:
        """Multiply-adds of one face through all blocks."""
        return sum(block.macs for block in self.blocks)

    def __getitem__(self, name: str) -> Block:
        by_name = {block.name: block for block in self.blocks}
        if name not in by_name:
            raise KeyError(f"`name` must be one of {list(by_name)}. Received: name={name!r}")
        return by_name[name]


def profile(model, size: int | None = None) -> Profile:
    """Counts a model's parameters and multiply-adds in one forward pass over an empty crop.

    Every product of a convolution, dense or recurrent layer counts once; normalization, activations, pooling and
    resizing count nothing. A layer with products of its own counts them in `count_macs(*input_shapes)`, without
    those of its sublayers.

    Args:
        model: A `LandmarkModel`, or any network of one picture. Its `profile_blocks`, if any, names prefixes of layers
            that are summed.
        size: Side of the picture; `None`: that of the model's crops.

    Returns:
        A `Profile`. Blocks without parameters and products are left out.

    Example:

        for block in profile(kerasalign.load("musica19-synth")).blocks:
            print(block.name, block.parameters, block.macs)
    """
    if hasattr(model, "inference_network"):
        model = model.inference_network()
    owner = {}
    for top in model.layers:
        for layer in [top, *top._flatten_layers(include_self=False)]:
            owner.setdefault(id(layer), top)
    macs, order = {}, []

    def record(layer, shapes, result):
        name = _block(model, owner[id(layer)].name)
        if name not in macs:
            order.append(name)
        macs[name] = macs.get(name, 0) + _products(layer, shapes, result)

    size = size or model.crop_spec.size
    with _watched([layer for top in model.layers for layer in [top, *top._flatten_layers(include_self=False)]], record):
        model(np.zeros((1, size, size, 3), "uint8"))
    parameters = dict.fromkeys(order, 0)
    for top in model.layers:
        parameters[_block(model, top.name)] = parameters.get(_block(model, top.name), 0) + sum(
            math.prod(weight.shape) for weight in top.trainable_weights
        )
    rows = (Block(name, parameters[name], macs.get(name, 0)) for name in parameters)
    return Profile(tuple(row for row in rows if row.parameters or row.macs))


def _block(model, layer: str) -> str:
    fitting = [prefix for prefix in getattr(model, "profile_blocks", ()) if layer.startswith(prefix)]
    return max(fitting, key=len) if fitting else layer


@contextmanager
def _watched(watched_layers: list, record: Callable) -> Iterator[None]:
    """Calls `record(layer, input shapes, outputs)` after every call of the layers, while the block runs."""
    unique = list({id(layer): layer for layer in watched_layers}.values())

    def watch(layer, call):
        def watched(*args, **kwargs):
            result = call(*args, **kwargs)
            arrays = [value for value in tree.flatten((args, kwargs)) if keras.ops.is_tensor(value)]
            record(layer, [_shape(value) for value in arrays], tree.flatten(result))
            return result

        return watched

    try:
        for layer in unique:
            # Past Keras' attribute tracking: the layer's own method is back right after.
            object.__setattr__(layer, "call", watch(layer, layer.call))
        yield
    finally:
        for layer in unique:
            vars(layer).pop("call", None)


def _products(layer: Any, shapes: list[Shape], result: list[Any]) -> int:
    """Multiply-adds of one call of a layer, without those of its sublayers."""
    if hasattr(layer, "count_macs"):
        return int(layer.count_macs(*shapes))
    for kinds, count in _COUNTS.items():
        if isinstance(layer, kinds):
            return int(count(layer, shapes[0], _shape(result[0])))
    return 0


def _shape(array: Any) -> Shape:
    shape: Any = ops.shape(array)
    return tuple(shape)


def _convolution(layer, given: Shape, made: Shape) -> int:
    # The kernel is (*window, input channels of a group, filters).
    return math.prod(made) * math.prod(layer.kernel.shape[:-1])


def _depthwise(layer, given: Shape, made: Shape) -> int:
    return math.prod(made) * math.prod(layer.kernel_size)


def _transposed(layer, given: Shape, made: Shape) -> int:
    return math.prod(given) * math.prod(layer.kernel_size) * layer.filters


def _dense(layer, given: Shape, made: Shape) -> int:
    return math.prod(made) * given[-1]


def _einsum(layer, given: Shape, made: Shape) -> int:
    inputs, kernel = layer.equation.split("->")[0].split(",")
    summed = set(inputs) & set(kernel) - set(layer.equation.split("->")[1])
    sizes = dict(zip(kernel, layer.kernel.shape))
    return math.prod(made) * math.prod(sizes[letter] for letter in summed)


_COUNTS = {
    (layers.Conv1DTranspose, layers.Conv2DTranspose): _transposed,
    (layers.DepthwiseConv1D, layers.DepthwiseConv2D): _depthwise,
    (layers.Conv1D, layers.Conv2D): _convolution,
    layers.EinsumDense: _einsum,
    layers.Dense: _dense,
}
