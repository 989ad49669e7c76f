"""The two stages of boundary-aware face alignment, as functions that lay out layers."""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.layers import (
    BlurPool,
    ConvNorm,
    DeLighTEncoder,
    Hourglass,
    PhotoStatistics,
    ResidualBottleneck,
    SAFeature,
    SDFusion,
    TransformerBlock,
)
from kerasalign.layers.dextra import dextra_unit
from kerasalign.layers.photo_statistics import standardise

TRANSFORMERS = ("delight", "decoder", "encoder_decoder")


def boundary_stage(
    crops,
    maps: int,
    channels: int,
    stem_ratio: float,
    middle: int,
    hourglasses: int,
    depth: int,
    shuffle: str,
    attention: bool,
    dtype,
):
    """Crops `(B, S, S, 3)` to features `(B, S / 4, S / 4, C)` and the maps `(B, S / 4, S / 4, K)` of each hourglass."""
    x = standardise(crops, *PhotoStatistics(name="statistics", dtype=dtype)(crops))
    x = ConvNorm(64, 7, strides=2, name="stem_conv", dtype=dtype)(x)
    for index, filters in enumerate((128, 128, channels)):
        if index == 1:
            x = keras.layers.MaxPooling2D(2, name="stem_pool", dtype=dtype)(x)
        narrow = max(int(filters * stem_ratio), 1)
        x = ResidualBottleneck(filters, narrow, name=f"stem_residual_{index}", dtype=dtype)(x)
    predicted = []
    for index in range(hourglasses - 1):
        deep = Hourglass(middle, depth, shuffle, name=f"hourglass_{index}", dtype=dtype)(x)
        x, boundaries = SDFusion(maps, middle, attention, name=f"fusion_{index}", dtype=dtype)(x, deep)
        predicted.append(boundaries)
    x = Hourglass(middle, depth, shuffle, name=f"hourglass_{hourglasses - 1}", dtype=dtype)(x)
    x = ResidualBottleneck(channels, middle, name="last_residual", dtype=dtype)(x)
    x = ConvNorm(channels, name="last_conv", dtype=dtype)(x)
    predicted.append(keras.layers.Conv2D(maps, 1, name="last_maps", dtype=dtype)(x))
    return x, predicted


def token_unit(transformer: str, size: int, blocks: int, grouped_layers, heads: int) -> int:
    """What the features of a token, (size / 16)^2, must be a multiple of."""
    if transformer != "delight":
        return heads
    # The last block has most layers, and so most groups.
    return dextra_unit((size // 16) ** 2, grouped_layers[-1 if blocks > 1 else 0])


def landmark_stage(
    features,
    landmarks: int,
    width: int,
    blur: int,
    transformer: str,
    blocks: int,
    grouped_layers,
    heads: int,
    hidden: int,
    dropout: float,
    dtype,
):
    """Features `(B, H, H, C)` to coordinates `(B, N, 2)` in units of the crop's side, float32."""
    x = features
    for level in range(3):
        if level:
            x = BlurPool(blur, name=f"blur_{level}", dtype=dtype)(x)
        for index in range(2):
            x = ConvNorm(width, 3, name=f"landmark_conv_{level}{index}", dtype=dtype)(x)
    x = SAFeature(name="sa_feature", dtype=dtype)(x)
    side = x.shape[1]
    memory = ops.reshape(x, (-1, side * side, width))
    # One map per landmark, and each map one token: the channel says which landmark it is.
    tokens = ConvNorm(landmarks, activation=False, name="tokens", dtype=dtype)(x)
    tokens = ops.transpose(ops.reshape(tokens, (-1, side * side, landmarks)), (0, 2, 1))
    if transformer == "delight":
        tokens = DeLighTEncoder(blocks, *grouped_layers, dropout=dropout, name="transformer", dtype=dtype)(tokens)
    else:
        if transformer == "encoder_decoder":
            for index in range(blocks):
                block = TransformerBlock(heads, hidden, dropout, name=f"transformer_encoder_{index}", dtype=dtype)
                memory = block(memory)
        for index in range(blocks):
            block = TransformerBlock(heads, hidden, dropout, name=f"transformer_decoder_{index}", dtype=dtype)
            tokens = block(tokens, memory)
    # The middle of the crop to begin with.
    head = keras.layers.Dense(
        2,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        bias_initializer=keras.initializers.Constant(0.5),
        name="head",
        dtype="float32",
    )
    return head(tokens)
