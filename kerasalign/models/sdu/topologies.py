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

# Steps down where the paper gives no number.
DEPTHS = {"hourglass": 4, "unet": 4, "dla": 4, "sat1": 4, "sat2": 3, "sat3": 3}
BLOCKS = ("resnet", "inception", "hpm", "cab")
EPSILON = 2e-5


def block(x, unit: str, width: int, name: str, dtype, widen: bool = False):
    """A block of some kind; `widen` where the width may change, which two kinds leave to others, as in the released
    code."""
    if unit == "resnet" or (widen and unit == "inception"):
        return PreactivationBottleneck(width, epsilon=EPSILON, name=name, dtype=dtype)(x)
    if unit == "hpm" or widen:
        return ParallelMultiscaleBlock(width, epsilon=EPSILON, name=name, dtype=dtype)(x)
    layer = InceptionResidualBlock if unit == "inception" else ChannelAggregationBlock
    return layer(epsilon=EPSILON, name=name, dtype=dtype)(x)


def topology(
    x,
    kind: str,
    depth: int,
    unit: str,
    name: str,
    dtype,
    lateral="conv1x1",
    gate=False,
    down_activation="sigmoid",
    faithful_init=False,
):
    """A topology from `(B, H, W, C)` to the same shape.

    Args:
        x: Features.
        kind: One of `DEPTHS`.
        depth: N, how often maps are halved.
        unit: Kind of its blocks, one of `BLOCKS`.
        name: Prefix of the layers' names.
        dtype: Dtype policy of the layers.
        lateral: What a U-Net has between its halves: `"conv1x1"` or `"identity"`.
        gate: Whether the first node of SAT (III) below the finest maps is weighed by the mean of the one above it.
        down_activation: Of the paths down in SAT (I) and (II); `None`: none.
        faithful_init: Whether upward convolutions start with all channels alike.
    """
    if kind in ("hourglass", "unet"):
        return hourglass(x, depth, unit, name, dtype, "block" if kind == "hourglass" else lateral)
    return aggregation(x, kind, depth, unit, name, dtype, gate, down_activation, faithful_init)[0, depth]


def hourglass(x, depth: int, unit: str, name: str, dtype, lateral: str = "block"):
    """Down and back with a lateral connection at every size, summed: `"block"`, `"conv1x1"` or `"identity"`."""
    width, place = x.shape[-1], f"{name}_{depth}"
    beside = x
    if lateral == "block":
        beside = block(x, unit, width, f"{place}_lateral", dtype)
    elif lateral == "conv1x1":
        beside = ConvNorm(width, epsilon=EPSILON, name=f"{place}_lateral", dtype=dtype)(x)
    low = block(ops.max_pool(x, 2, 2), unit, width, f"{place}_down", dtype)
    if depth > 1:
        low = hourglass(low, depth - 1, unit, name, dtype, lateral)
    else:
        low = block(low, unit, width, f"{name}_bottom", dtype)
    return beside + double(block(low, unit, width, f"{place}_up", dtype))


def aggregation(
    x, kind: str, depth: int, unit: str, name: str, dtype, gate=False, down_activation="sigmoid", faithful_init=False
) -> dict:
    """The nodes `{(s, t): tensor}` of a DLA or SAT graph; `(0, depth)` is the result.

    `"dla"` has full convolutions beside, `"sat1"` and `"sat2"` also paths down within a column; `"sat3"`, the dense
    U-Net, filters channel by channel in every other column and passes on the rest as it is.
    """
    width = x.shape[-1]
    nodes = {(0, 0): x}
    for s in range(1, depth + 1):
        x = block(x, unit, width, f"{name}_encode_{s}a", dtype)
        x = nodes[s, 0] = block(ops.max_pool(x, 2, 2), unit, width, f"{name}_encode_{s}b", dtype)
    for t in range(1, depth + 1):
        for s in range(depth - t + 1):
            place, below = f"{name}_{s}{t}", nodes[s + 1, t - 1]
            if s + t < depth:
                below = UpConvNorm(width, faithful_init, epsilon=EPSILON, name=f"{place}_up", dtype=dtype)(below)
            else:
                below = block(double(below), unit, width, f"{place}_up", dtype)
            joined = [_lateral(nodes[s, t - 1], kind, s, depth + 1 - t, place, dtype), below]
            if kind in ("sat1", "sat2") and s:
                joined.append(_down(nodes[s - 1, t], place, down_activation, dtype))
            node = sum(joined[1:], joined[0]) * (1 / len(joined))
            if gate and (s, t) == (1, 1):
                node = node * ops.mean(nodes[0, 1], (1, 2), keepdims=True)
            nodes[s, t] = node
    return nodes


def _lateral(x, kind: str, level: int, height: int, place: str, dtype):
    if kind != "sat3":
        return ConvNorm(x.shape[-1], 3, epsilon=EPSILON, name=f"{place}_lateral", dtype=dtype)(x)
    if height % 2 and level:
        return DepthwiseNorm(3, epsilon=EPSILON, name=f"{place}_lateral", dtype=dtype)(x)
    return x


def _down(x, place: str, activation, dtype):
    x = ConvNorm(x.shape[-1], 3, strides=2, activation=False, epsilon=EPSILON, name=f"{place}_down", dtype=dtype)(x)
    return layers.Activation(activation, name=f"{place}_down_activation", dtype=dtype)(x) if activation else x
