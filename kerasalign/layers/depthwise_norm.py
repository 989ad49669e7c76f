"""Depthwise convolution, batch normalization, ReLU."""

import keras
from keras import ops

from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class DepthwiseNorm(keras.layers.Layer):
    """Depthwise convolution without bias, batch normalization, ReLU. No pointwise convolution comes with it.

    Args:
        kernel_size: Side of the kernel.
        momentum: Momentum of the normalization's moving statistics.
        epsilon: Added to the variance of the normalization.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If `kernel_size` is below 1.

    Example:

        maps = DepthwiseNorm()(np.ones((1, 64, 64, 128), "float32"))

    Reference: SDU (arXiv 1812.01936), section 2.2: the depthwise separable convolutions of the channel aggregation
    block; the released code has the depthwise half alone, and the printed sizes agree with it.
    """

    def __init__(self, kernel_size: int = 3, momentum: float = 0.9, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        at_least(1, kernel_size=kernel_size)
        self.kernel_size = kernel_size
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        # He's rule for the taps alone; Keras' own would count all channels as inputs.
        deviation = (2 / self.kernel_size**2) ** 0.5
        self.conv = keras.layers.DepthwiseConv2D(
            self.kernel_size,
            padding="same",
            use_bias=False,
            dtype=self.dtype_policy,
            name="conv",
            depthwise_initializer=keras.initializers.TruncatedNormal(stddev=deviation),
        )
        self.norm = FusedBatchNormalization(self.momentum, self.epsilon, dtype=self.dtype_policy, name="norm")
        self.conv.build(input_shape)
        self.norm.build(input_shape)

    def call(self, images, training=None):
        return ops.relu(self.norm(self.conv(images), training=training))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
