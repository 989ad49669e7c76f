"""Convolution, batch normalization, ReLU."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class ConvNorm(keras.layers.Layer):
    """Convolution without bias, batch normalization, and ReLU unless it is switched off.

    Args:
        filters: Number of output channels.
        kernel_size: Sides of the kernel, or one number for a square.
        strides: Step between windows.
        activation: Whether ReLU follows.
        momentum: Momentum of the normalization's moving statistics.
        epsilon: Added to the variance of the normalization.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, ceil(H / strides), ceil(W / strides), filters)`.

    Raises:
        ValueError: If a number is below 1.

    Example:

        maps = ConvNorm(64, 7, strides=2)(np.ones((1, 256, 256, 3), "float32"))      # (1, 128, 128, 64)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int] = 1,
        strides: int = 1,
        activation: bool = True,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sides = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        at_least(1, filters=filters, kernel_size=sides, strides=strides)
        self.filters = filters
        self.kernel_size = list(sides)
        self.strides = strides
        self.activation = activation
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        self.conv = convolution(self.filters, self.kernel_size, "conv", self.dtype_policy, self.strides)
        self.norm = FusedBatchNormalization(self.momentum, self.epsilon, dtype=self.dtype_policy, name="norm")
        self.conv.build(input_shape)
        self.norm.build(self.conv.compute_output_shape(input_shape))

    def call(self, images, training=None):
        out = self.norm(self.conv(images), training=training)
        return ops.relu(out) if self.activation else out

    def compute_output_shape(self, input_shape):
        return strided_shape(input_shape, self.strides, self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": self.activation,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }


def convolution(filters: int, kernel_size, name: str, dtype, strides: int = 1) -> keras.layers.Conv2D:
    """A convolution of padded maps without bias or activation, for a normalization before or after it."""
    return keras.layers.Conv2D(
        filters, kernel_size, strides, "same", use_bias=False, kernel_initializer="he_normal", dtype=dtype, name=name
    )


def strided_shape(input_shape, strides: int, filters: int) -> tuple:
    """Shape of what a convolution of padded maps `(B, H, W, C)` gives; sides may be unknown."""
    batch, *sides, _ = input_shape
    return (batch, *(side and -(-side // strides) for side in sides), filters)
