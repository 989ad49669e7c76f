"""Learned upsampling by 2."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class UpConvNorm(keras.layers.Layer):
    """Transposed 2x2 convolution with step 2 and without bias, batch normalization, ReLU.

    Args:
        filters: Number of output channels.
        alike: Whether all output channels have the same initial kernel: the sum of the input's channels, in the first
            of four pixels. SDU's released code starts so, by accident.
        epsilon: Added to the variance of the normalization.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, 2 H, 2 W, filters)`.

    Raises:
        ValueError: If `filters` is below 1.

    Example:

        maps = UpConvNorm(256)(np.ones((1, 32, 32, 256), "float32"))      # (1, 64, 64, 256)
    """

    def __init__(self, filters: int, alike: bool = False, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        at_least(1, filters=filters)
        self.filters = filters
        self.alike = alike
        self.epsilon = epsilon

    def build(self, input_shape):
        # He's rule: the windows do not overlap, so that every output pixel has the channels of one input pixel.
        he = keras.initializers.TruncatedNormal(stddev=(2 / input_shape[-1]) ** 0.5)
        self.conv = keras.layers.Conv2DTranspose(
            self.filters, 2, 2, use_bias=False, kernel_initializer=he, dtype=self.dtype_policy, name="conv"
        )
        self.norm = FusedBatchNormalization(epsilon=self.epsilon, dtype=self.dtype_policy, name="norm")
        self.conv.build(input_shape)
        if self.alike:
            first = np.zeros(self.conv.kernel.shape, "float32")
            first[0, 0] = 1.0
            self.conv.kernel.assign(first)
        self.norm.build(self.compute_output_shape(input_shape))

    def call(self, images, training=None):
        return ops.relu(self.norm(self.conv(images), training=training))

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        return (batch, *(side and 2 * side for side in sides), self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "alike": self.alike,
            "epsilon": self.epsilon,
        }
