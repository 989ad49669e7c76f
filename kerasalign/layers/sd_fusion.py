"""Fusion of shallow and deep features between hourglasses."""

import keras

from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.layers.pyramid_pooling import PyramidPooling
from kerasalign.layers.residual_bottleneck import ResidualBottleneck
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class SDFusion(keras.layers.Layer):
    """Predicts boundary maps from deep features and weights shallow features by attention from these maps.

    A residual unit and a 1x1 convolution give features f, another the maps H; A is the sigmoid of a third on H, and
    the result is `shallow * (1 + A) + pyramid_pooling(f)`.

    Args:
        maps: Number of boundary maps K.
        middle: Middle channels of the residual unit.
        attention: Whether the maps weight the shallow features; otherwise A is 0.
        bins: Sides of the pooled grids.

    Call arguments:
        shallow: `(B, H, W, C)`, input of the hourglass before.
        deep: `(B, H, W, C)`, its output.

    Input shape:
        two of `(B, H, W, C)`.

    Output shape:
        `(B, H, W, C)` and `(B, H, W, K)`.

    Returns:
        Input of the next hourglass, and the boundary maps (linear).

    Raises:
        ValueError: If `maps` or `middle` is below 1.

    Example:

        following, boundaries = SDFusion(13, 80)(shallow, deep)

    Reference: LW-BAFA (APSIPA TSIP 12, e45, 2023), section 3.1. The text gives "two 1x1 convolutions and one residual
    module", supervision, attention and pyramid pooling; how they are joined is this library's reading.
    """

    def __init__(self, maps: int, middle: int, attention: bool = True, bins=(1, 2, 3, 6), **kwargs):
        super().__init__(**kwargs)
        at_least(1, maps=maps, middle=middle)
        self.maps = maps
        self.middle = middle
        self.attention = attention
        self.bins = list(bins)

    def build(self, shallow_shape, deep_shape):
        channels = deep_shape[-1]
        policy = self.dtype_policy
        self.refine = ResidualBottleneck(channels, self.middle, dtype=policy, name="refine")
        self.mix = ConvNorm(channels, dtype=policy, name="mix")
        self.head = keras.layers.Conv2D(self.maps, 1, dtype=policy, name="head")
        self.pool = PyramidPooling(self.bins, dtype=policy, name="pool")
        for layer in (self.refine, self.mix, self.head, self.pool):
            layer.build(deep_shape)
        self.attend = None
        if self.attention:
            self.attend = keras.layers.Conv2D(channels, 1, activation="sigmoid", dtype=policy, name="attend")
            self.attend.build((*deep_shape[:-1], self.maps))

    def call(self, shallow, deep, training=None):
        features = self.mix(self.refine(deep, training=training), training=training)
        maps = self.head(features)
        context = self.pool(features, training=training)
        if self.attend is not None:
            shallow = shallow * (1 + self.attend(maps))
        return shallow + context, maps

    def compute_output_shape(self, shallow_shape, deep_shape):
        return tuple(shallow_shape), (*shallow_shape[:-1], self.maps)

    def get_config(self):
        return super().get_config() | {
            "maps": self.maps,
            "middle": self.middle,
            "attention": self.attention,
            "bins": self.bins,
        }
