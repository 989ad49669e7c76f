"""The blocks and topologies of SDU's Table 1 and figure 2, as functions that lay out layers.

Aggregation graphs have nodes (s, t): level s, whose maps are `2^s` times smaller, in column t. Column 0 is the way
down; node (s, t) joins (s, t - 1) beside it and (s + 1, t - 1) below it, and (0, N) is the result.
"""

from __future__ import annotations

from keras import layers, ops

from kerasalign.layers import (
    ChannelAggregationBlock,
    ConvNorm,
    DepthwiseNorm,
    InceptionResidualBlock,
    ParallelMultiscaleBlock,
    PreactivationBottleneck,
    UpConvNorm,
)
from kerasalign.layers.hourglass import double
from kerasalign.models.sdu.config import SDUConfig

EPSILON = 2e-5


def block(x, config: SDUConfig, width: int, name: str, widen: bool = False):
    """One block of the kind `config.block`.

    With `widen` its number of channels may change. Two kinds cannot change it and use another block there, as the
    released code does.
    """
    kind, dtype = config.block, config.dtype
    if kind == "resnet" or (widen and kind == "inception"):
        return PreactivationBottleneck(width, epsilon=EPSILON, name=name, dtype=dtype)(x)
    if kind == "hpm" or widen:
        return ParallelMultiscaleBlock(width, epsilon=EPSILON, name=name, dtype=dtype)(x)
    layer = InceptionResidualBlock if kind == "inception" else ChannelAggregationBlock
    return layer(epsilon=EPSILON, name=name, dtype=dtype)(x)


def topology(x, config: SDUConfig, name: str):
    """One topology from features `(B, H, W, C)` to the same shape.

    Args:
        x: Features.
        config: A resolved config.
        name: Prefix of the layers' names.
    """
    if config.topology in ("hourglass", "unet"):
        return hourglass(x, config, name, config.depth)
    return aggregation(x, config, name)[0, config.depth]


def hourglass(x, config: SDUConfig, name: str, depth: int):
    """Down and up again through `depth` sizes; at every size a lateral connection is added."""
    width, place = x.shape[-1], f"{name}_{depth}"
    beside = x
    if config.topology == "hourglass":
        beside = block(x, config, width, f"{place}_lateral")
    elif config.lateral == "conv1x1":
        beside = ConvNorm(width, epsilon=EPSILON, name=f"{place}_lateral", dtype=config.dtype)(x)
    low = block(ops.max_pool(x, 2, 2), config, width, f"{place}_down")
    low = hourglass(low, config, name, depth - 1) if depth > 1 else block(low, config, width, f"{name}_bottom")
    return beside + double(block(low, config, width, f"{place}_up"))


def aggregation(x, config: SDUConfig, name: str) -> dict:
    """The nodes `{(s, t): tensor}` of a DLA or SAT graph; `(0, depth)` is the result.

    The lateral connections of `"dla"` are full convolutions; `"sat1"` and `"sat2"` also have paths down within a
    column; `"sat3"`, the dense U-Net, filters channel by channel in every other column and passes on the rest
    unchanged.
    """
    width, depth, dtype = x.shape[-1], config.depth, config.dtype
    nodes = {(0, 0): x}
    for s in range(1, depth + 1):
        x = block(x, config, width, f"{name}_encode_{s}a")
        x = nodes[s, 0] = block(ops.max_pool(x, 2, 2), config, width, f"{name}_encode_{s}b")
    for t in range(1, depth + 1):
        for s in range(depth - t + 1):
            place, below = f"{name}_{s}{t}", nodes[s + 1, t - 1]
            if s + t < depth:
                below = UpConvNorm(width, config.faithful_init, epsilon=EPSILON, name=f"{place}_up", dtype=dtype)(below)
            else:
                below = block(double(below), config, width, f"{place}_up")
            joined = [_lateral(nodes[s, t - 1], config, s, depth + 1 - t, place), below]
            if config.topology in ("sat1", "sat2") and s:
                joined.append(_down(nodes[s - 1, t], config, place))
            node = sum(joined[1:], joined[0]) * (1 / len(joined))
            if config.gate and (s, t) == (1, 1):
                node = node * ops.mean(nodes[0, 1], (1, 2), keepdims=True)
            nodes[s, t] = node
    return nodes


def _lateral(x, config: SDUConfig, level: int, height: int, place: str):
    if config.topology != "sat3":
        return ConvNorm(x.shape[-1], 3, epsilon=EPSILON, name=f"{place}_lateral", dtype=config.dtype)(x)
    if height % 2 and level:
        return DepthwiseNorm(3, epsilon=EPSILON, name=f"{place}_lateral", dtype=config.dtype)(x)
    return x


def _down(x, config: SDUConfig, place: str):
    width, activation, dtype = x.shape[-1], config.down_activation, config.dtype
    x = ConvNorm(width, 3, strides=2, activation=False, epsilon=EPSILON, name=f"{place}_down", dtype=dtype)(x)
    return layers.Activation(activation, name=f"{place}_down_activation", dtype=dtype)(x) if activation else x
