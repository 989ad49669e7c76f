"""SDU's network from crops to heatmaps, as a function that lays out layers."""

from __future__ import annotations

from keras import layers, ops

from kerasalign.layers import ConvNorm, DeformConv2D, FusedBatchNormalization, SpatialTransformer
from kerasalign.models.sdu.topologies import EPSILON, block, topology


def stacked_network(
    crops,
    points: int,
    kind: str,
    stacks: int,
    depth: int,
    unit: str,
    deformable: int,
    stn: str | None,
    multiplier: float,
    stride: int,
    boundary: str,
    dtype,
    **options,
):
    """Crops `(B, S, S, 3)` to the maps `(B, S / stride, S / stride, N)` of each stack, before any activation.

    Args:
        crops: Symbolic crops in 0..255.
        points: N.
        kind: Topology.
        stacks: Number of them.
        depth: How often each halves its maps.
        unit: Kind of the blocks.
        deformable: Where convolutions bend: 1, between stacks; 2, in the heads; 3, in both; 0, nowhere.
        stn: Mode of the `SpatialTransformer`, or `None`.
        multiplier: Factor of all widths.
        stride: 2, or 4 for crops of twice the side.
        boundary: Border rule of the deformable convolutions.
        dtype: Dtype policy of the layers.
        **options: Those of `topology`.

    Returns:
        The list of maps, and the matrices `(B, 2, 3)` from pixels of the transformed crop to the crop's, or `None`.
    """
    narrow, middle, width = max(int(64 * multiplier), 32), max(int(128 * multiplier), 32), int(256 * multiplier)
    x, frame = (ops.cast(crops, "float32") - 127.5) / 128.0, None
    if stn is not None:
        x, frame = SpatialTransformer(stn, narrow, epsilon=EPSILON, name="transformer", dtype=dtype)(x)
    if stride > 2:
        x = layers.ZeroPadding2D(3, name="stem_pad", dtype=dtype)(x)
        x = layers.Conv2D(narrow, 7, 2, use_bias=False, kernel_initializer="he_normal", name="stem_conv", dtype=dtype)(
            x
        )
        x = FusedBatchNormalization(epsilon=EPSILON, name="stem_norm", dtype=dtype)(x)
        x = layers.ReLU(name="stem_relu", dtype=dtype)(x)
    else:
        x = ConvNorm(narrow, 3, epsilon=EPSILON, name="stem_conv", dtype=dtype)(x)
    x = block(x, unit, middle, "stem_block_0", dtype, widen=True)
    x = layers.MaxPooling2D(2, name="stem_pool", dtype=dtype)(x)
    x = block(x, unit, middle, "stem_block_1", dtype)
    x = block(x, unit, width, "stem_block_2", dtype, widen=True)

    maps = []
    for stack in range(stacks):
        name = f"stack{stack}"
        y = topology(x, kind, depth, unit, name, dtype, **options)
        y = block(y, unit, width, f"{name}_unit", dtype)
        y, found = _head(y, points, deformable in (2, 3), boundary, name, dtype)
        maps.append(found)
        if stack + 1 < stacks:
            again = layers.Conv2D(width, 1, kernel_initializer="he_normal", name=f"merge{stack}_features", dtype=dtype)
            given = layers.Conv2D(width, 1, kernel_initializer="he_normal", name=f"merge{stack}_maps", dtype=dtype)
            x = layers.Add(name=f"merge{stack}_sum", dtype=dtype)([x, again(y), given(found)])
            if deformable in (1, 3):
                x = DeformConv2D(width, boundary=boundary, name=f"merge{stack}_deformable", dtype=dtype)(x)
    return maps, frame


def _head(x, points: int, deformable: bool, boundary: str, name: str, dtype):
    """Features of a stack and its maps, the latter in float32: the highest of nearly equal pixels counts."""
    width = x.shape[-1]
    if not deformable:
        x = ConvNorm(width, epsilon=EPSILON, name=f"{name}_features", dtype=dtype)(x)
        return x, layers.Conv2D(points, 1, kernel_initializer="he_normal", name=f"{name}_maps", dtype="float32")(x)
    x = DeformConv2D(width, boundary=boundary, name=f"{name}_features_deformable", dtype=dtype)(x)
    x = FusedBatchNormalization(epsilon=EPSILON, name=f"{name}_features_norm", dtype=dtype)(x)
    x = layers.ReLU(name=f"{name}_features_relu", dtype=dtype)(x)
    return x, DeformConv2D(points, boundary=boundary, name=f"{name}_maps", dtype="float32")(x)
