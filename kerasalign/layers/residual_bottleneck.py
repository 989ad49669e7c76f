"""Residual block of three convolutions with fewer channels in the middle."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class ResidualBottleneck(keras.layers.Layer):
    """1x1, 3x3 and 1x1 convolutions, each normalized, and a skip connection; ReLU after the sum.

    The skip is a normalized 1x1 convolution where the number of channels changes.

    Args:
        filters: Number of output channels.
        middle: Channels of the first two convolutions.
        momentum: Momentum of the normalizations' moving statistics.
        epsilon: Added to the variances of the normalizations.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, filters)`.

    Raises:
        ValueError: If `filters` or `middle` is below 1.

    Example:

        out = ResidualBottleneck(128, 64)(np.ones((1, 64, 64, 64), "float32"))      # (1, 64, 64, 128)

    Reference: He et al., "Deep Residual Learning" (arXiv 1512.03385), figure 5 right; LW-BAFA (APSIPA TSIP 12, e45,
    2023), figure 2, narrows the middle.
    """

    def __init__(self, filters: int, middle: int, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        at_least(1, filters=filters, middle=middle)
        self.filters = filters
        self.middle = middle
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        options = {"momentum": self.momentum, "epsilon": self.epsilon, "dtype": self.dtype_policy}
        self.reduce = ConvNorm(self.middle, name="reduce", **options)
        self.filter = ConvNorm(self.middle, 3, name="filter", **options)
        self.expand = ConvNorm(self.filters, activation=False, name="expand", **options)
        narrow = (*input_shape[:-1], self.middle)
        self.reduce.build(input_shape)
        self.filter.build(narrow)
        self.expand.build(narrow)
        self.skip = None
        if input_shape[-1] != self.filters:
            self.skip = ConvNorm(self.filters, activation=False, name="skip", **options)
            self.skip.build(input_shape)

    def call(self, images, training=None):
        out = self.expand(self.filter(self.reduce(images, training=training), training=training), training=training)
        beside = images if self.skip is None else self.skip(images, training=training)
        return ops.relu(out + beside)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "middle": self.middle,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
