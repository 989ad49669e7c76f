"""The two stages of boundary-aware face alignment, as functions that lay out layers."""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.layers import (
    BlurPool,
    ConvNorm,
    DeLighTEncoder,
    DepthwiseNorm,
    Hourglass,
    PhotoStatistics,
    ResidualBottleneck,
    SAFeature,
    SDFusion,
    TransformerBlock,
)
from kerasalign.layers.dextra import dextra_unit
from kerasalign.layers.photo_statistics import standardize
from kerasalign.models.lw_bafa.config import LWBAFAConfig


def boundary_stage(crops, config: LWBAFAConfig):
    """The hourglasses: crops to features and boundary maps.

    Args:
        crops: Symbolic crops `(B, S, S, 3)` in 0..255.
        config: A resolved config.

    Returns:
        Features `(B, S / 4, S / 4, C)` before the first hourglass and behind the last one, and the list of the
        hourglasses' maps, each `(B, S / 4, S / 4, K)`.
    """
    maps, channels, middle, dtype = len(config.boundaries), config.channels, config.middle, config.dtype
    last = len(config.stage_weights) - 1
    x = standardize(crops, *PhotoStatistics(name="statistics", dtype=dtype)(crops))
    x = ConvNorm(64, 7, strides=2, name="stem_conv", dtype=dtype)(x)
    for index, filters in enumerate((128, 128, channels)):
        if index == 1:
            x = keras.layers.MaxPooling2D(2, name="stem_pool", dtype=dtype)(x)
        narrow = max(int(filters * config.stem_ratio), 1)
        x = ResidualBottleneck(filters, narrow, name=f"stem_residual_{index}", dtype=dtype)(x)
    stem, predicted = x, []
    for index in range(last):
        deep = Hourglass(middle, config.depth, config.shuffle, name=f"hourglass_{index}", dtype=dtype)(x)
        x, boundaries = SDFusion(maps, middle, config.attention, name=f"fusion_{index}", dtype=dtype)(x, deep)
        predicted.append(boundaries)
    x = Hourglass(middle, config.depth, config.shuffle, name=f"hourglass_{last}", dtype=dtype)(x)
    x = ResidualBottleneck(channels, middle, name="last_residual", dtype=dtype)(x)
    x = ConvNorm(channels, name="last_conv", dtype=dtype)(x)
    predicted.append(keras.layers.Conv2D(maps, 1, name="last_maps", dtype=dtype)(x))
    return stem, x, predicted


def check_tokens(config: LWBAFAConfig) -> None:
    """Raises unless the transformer can divide the features of a token, (size / 16)^2 of them.

    Raises:
        ValueError: If it cannot.
    """
    features, kind = (config.size // 16) ** 2, config.transformer
    # The last block has most layers, and so most groups.
    depth = config.grouped_layers[-1 if config.blocks > 1 else 0]
    unit = dextra_unit(features, depth) if kind in ("delight", "delight_decoder") else config.heads
    if kind == "delight_for_encoder" and config.width % dextra_unit(config.width, depth):
        raise ValueError(
            f"`width` must be a multiple of {dextra_unit(config.width, depth)} for transformer={kind!r}. "
            f"Received: width={config.width}"
        )
    if features % unit:
        raise ValueError(
            "`size` must be such that (size / 16)^2, the features of a landmark, is a multiple of "
            f"{unit} for transformer={config.transformer!r}. Received: size={config.size}"
        )


def landmark_stage(features, config: LWBAFAConfig):
    """Features `(B, H, H, C)` to coordinates `(B, N, 2)` in units of the crop's side, float32.

    Args:
        features: Features and boundary maps of the last hourglass.
        config: A resolved config.
    """
    landmarks, width, dtype = config.num_points, config.width, config.dtype
    x = features
    for level in range(3):
        if level:
            x = BlurPool(config.blur, name=f"blur_{level}", dtype=dtype)(x)
        for index in range(2):
            name = f"landmark_conv_{level}{index}"
            if config.separable:
                x = DepthwiseNorm(name=f"{name}_depthwise", dtype=dtype)(x)
                x = ConvNorm(width, 1, name=name, dtype=dtype)(x)
            else:
                x = ConvNorm(width, 3, name=name, dtype=dtype)(x)
    x = SAFeature(name="sa_feature", dtype=dtype)(x)
    side = x.shape[1]
    memory = ops.reshape(x, (-1, side * side, width))
    # One map per landmark, and each map one token: the channel says which landmark it is.
    tokens = ConvNorm(landmarks, activation=False, name="tokens", dtype=dtype)(x)
    tokens = ops.transpose(ops.reshape(tokens, (-1, side * side, landmarks)), (0, 2, 1))
    tokens = _transformer(tokens, memory, config)
    # The middle of the crop to begin with.
    head = keras.layers.Dense(
        2,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        bias_initializer=keras.initializers.Constant(0.5),
        name="head",
        dtype="float32",
    )
    return head(tokens)


def _transformer(tokens, memory, config: LWBAFAConfig):
    """Tokens `(B, N, F)` after the transformer; `memory` `(B, F, W)` is what a plain decoder attends to."""
    plain = {"dropout": config.dropout, "dtype": config.dtype}
    light = {"name": "transformer", **plain}
    if config.transformer == "delight":
        return DeLighTEncoder(config.blocks, *config.grouped_layers, **light)(tokens)
    if config.transformer == "delight_decoder":
        return DeLighTEncoder(config.blocks, *config.grouped_layers, **light)(tokens, memory)
    if config.transformer == "delight_for_encoder":
        memory = DeLighTEncoder(config.blocks, *config.grouped_layers, **light)(memory)
    if config.transformer == "encoder_decoder":
        for index in range(config.blocks):
            memory = TransformerBlock(config.heads, config.hidden, name=f"transformer_encoder_{index}", **plain)(memory)
    for index in range(config.blocks):
        block = TransformerBlock(config.heads, config.hidden, name=f"transformer_decoder_{index}", **plain)
        tokens = block(tokens, memory)
    return tokens
