"""SDU's network from crops to heatmaps, as a function that lays out layers."""

from __future__ import annotations

from keras import layers, ops

from kerasalign.layers import ConvNorm, DeformConv2D, FusedBatchNormalization, SpatialTransformer
from kerasalign.models.sdu.config import SDUConfig
from kerasalign.models.sdu.topologies import EPSILON, block, topology


def stacked_network(crops, config: SDUConfig):
    """Crops `(B, S, S, 3)` to the maps `(B, S / stride, S / stride, N)` of each stack, before any activation.

    Args:
        crops: Symbolic crops in 0..255.
        config: A resolved config.

    Returns:
        The list of maps; the features `(B, S / stride, S / stride, C)` before the first stack, and those that the last
        maps are made from; and, with `transformer="stn"`, the matrices `(B, 2, 3)` from pixels of the transformed crop
        to those of the crop, else `None`.
    """
    dtype = config.dtype
    narrow, middle = (max(int(channels * config.multiplier), 32) for channels in (64, 128))
    x, frame = (ops.cast(crops, "float32") - 127.5) / 128.0, None
    if config.transformer == "stn":
        x, frame = SpatialTransformer(config.stn_mode, narrow, epsilon=EPSILON, name="transformer", dtype=dtype)(x)
    if config.stride > 2:
        x = layers.ZeroPadding2D(3, name="stem_pad", dtype=dtype)(x)
        x = layers.Conv2D(narrow, 7, 2, use_bias=False, kernel_initializer="he_normal", name="stem_conv", dtype=dtype)(
            x
        )
        x = FusedBatchNormalization(epsilon=EPSILON, name="stem_norm", dtype=dtype)(x)
        x = layers.ReLU(name="stem_relu", dtype=dtype)(x)
    else:
        x = ConvNorm(narrow, 3, epsilon=EPSILON, name="stem_conv", dtype=dtype)(x)
    x = block(x, config, middle, "stem_block_0", widen=True)
    x = layers.MaxPooling2D(2, name="stem_pool", dtype=dtype)(x)
    x = block(x, config, middle, "stem_block_1")
    x = block(x, config, config.width, "stem_block_2", widen=True)

    stem, maps, features = x, [], None
    for stack in range(config.stacks):
        name = f"stack{stack}"
        y = topology(x, config, name)
        y = block(y, config, config.width, f"{name}_unit")
        features, predicted = _head(y, config, name)
        maps.append(predicted)
        if stack + 1 < config.stacks:
            x = _merge(x, features, predicted, config, f"merge{stack}")
    return maps, (stem, features), frame


def _merge(x, features, maps, config: SDUConfig, name: str):
    """The input of the next stack: that of the last one, its features and its maps, summed."""
    convolve = {"filters": config.width, "kernel_size": 1, "kernel_initializer": "he_normal", "dtype": config.dtype}
    parts = [
        x,
        layers.Conv2D(name=f"{name}_features", **convolve)(features),
        layers.Conv2D(name=f"{name}_maps", **convolve)(maps),
    ]
    x = layers.Add(name=f"{name}_sum", dtype=config.dtype)(parts)
    if config.deformable in (1, 3):
        x = DeformConv2D(config.width, boundary=config.boundary, name=f"{name}_deformable", dtype=config.dtype)(x)
    return x


def _head(x, config: SDUConfig, name: str):
    """Features of a stack and its maps, the latter in float32: the highest of nearly equal pixels counts."""
    points, width, dtype = config.num_points, x.shape[-1], config.dtype
    if config.deformable not in (2, 3):
        x = ConvNorm(width, epsilon=EPSILON, name=f"{name}_features", dtype=dtype)(x)
        return x, layers.Conv2D(points, 1, kernel_initializer="he_normal", name=f"{name}_maps", dtype="float32")(x)
    x = DeformConv2D(width, boundary=config.boundary, name=f"{name}_features_deformable", dtype=dtype)(x)
    x = FusedBatchNormalization(epsilon=EPSILON, name=f"{name}_features_norm", dtype=dtype)(x)
    x = layers.ReLU(name=f"{name}_features_relu", dtype=dtype)(x)
    return x, DeformConv2D(points, boundary=config.boundary, name=f"{name}_maps", dtype="float32")(x)
