"""Depthwise separable convolution with a skip connection."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm, strided_shape
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class SeparableBlock(keras.layers.Layer):
    """A depthwise convolution with a wide kernel and a pointwise one; the input is added where shapes agree.

    Args:
        filters: Number of output channels.
        kernel_size: Side of the depthwise kernel.
        strides: Step between windows.
        momentum: Momentum of the normalization's moving statistics.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, ceil(H / strides), ceil(W / strides), filters)`.

    Raises:
        ValueError: If a number is below 1.

    Example:

        maps = SeparableBlock(64, strides=2)(np.ones((1, 32, 32, 48), "float32"))      # (1, 16, 16, 64)

    Reference: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (arXiv 1907.05047),
    section 3.1: wide depthwise kernels are cheap. Here with batch normalization after either convolution.
    """

    def __init__(self, filters: int, kernel_size: int = 5, strides: int = 1, momentum: float = 0.9, **kwargs):
        super().__init__(**kwargs)
        at_least(1, filters=filters, kernel_size=kernel_size, strides=strides)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.momentum = momentum

    def build(self, input_shape):
        # He's rule for the taps alone; Keras' own would count all channels as inputs.
        deviation = (2 / self.kernel_size**2) ** 0.5
        self.conv = keras.layers.DepthwiseConv2D(
            self.kernel_size,
            self.strides,
            "same",
            use_bias=False,
            dtype=self.dtype_policy,
            name="conv",
            depthwise_initializer=keras.initializers.TruncatedNormal(stddev=deviation),
        )
        self.norm = FusedBatchNormalization(self.momentum, dtype=self.dtype_policy, name="norm")
        self.mix = ConvNorm(self.filters, activation=False, momentum=self.momentum, dtype=self.dtype_policy, name="mix")
        self.conv.build(input_shape)
        filtered = self.conv.compute_output_shape(input_shape)
        self.norm.build(filtered)
        self.mix.build(filtered)

    def call(self, images, training=None):
        out = ops.relu(self.norm(self.conv(images), training=training))
        out = self.mix(out, training=training)
        if self.strides == 1 and images.shape[-1] == self.filters:
            out = out + ops.cast(images, out.dtype)
        return ops.relu(out)

    def compute_output_shape(self, input_shape):
        return strided_shape(input_shape, self.strides, self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "momentum": self.momentum,
        }
