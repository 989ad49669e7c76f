"""Residual block of three convolutions, each after normalization and ReLU."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import convolution
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class PreactivationBottleneck(keras.layers.Layer):
    """1x1, 3x3 (with half the channels) and 1x1 convolutions, normalization and ReLU before each, and a skip.

    Where the number of channels changes, the skip is a 1x1 convolution of the first activation.

    Args:
        filters: Number of output channels.
        epsilon: Added to the variances of the normalizations.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, filters)`.

    Raises:
        ValueError: If `filters` is below 2.

    Example:

        out = PreactivationBottleneck(256)(np.ones((1, 64, 64, 128), "float32"))      # (1, 64, 64, 256)

    Reference: He et al., "Identity Mappings" (arXiv 1603.05027); SDU (arXiv 1812.01936), figure 3.
    """

    def __init__(self, filters: int, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        at_least(2, filters=filters)
        self.filters = filters
        self.epsilon = epsilon

    def build(self, input_shape):
        *sides, channels = input_shape
        widths = (channels, self.filters // 2, self.filters // 2)
        plan = ((self.filters // 2, 1), (self.filters // 2, 3), (self.filters, 1))
        self.norms = [
            FusedBatchNormalization(epsilon=self.epsilon, dtype=self.dtype_policy, name=f"norm_{i}") for i in range(3)
        ]
        self.convs = [convolution(*shape, f"conv_{i}", self.dtype_policy) for i, shape in enumerate(plan)]
        for width, norm, conv in zip(widths, self.norms, self.convs):
            norm.build((*sides, width))
            conv.build((*sides, width))
        self.skip = None
        if channels != self.filters:
            self.skip = convolution(self.filters, 1, "skip", self.dtype_policy)
            self.skip.build(input_shape)

    def call(self, images, training=None):
        beside, x = images, images
        for i, (norm, conv) in enumerate(zip(self.norms, self.convs)):
            x = ops.relu(norm(x, training=training))
            if i == 0 and self.skip is not None:
                beside = self.skip(x)
            x = conv(x)
        return x + beside

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "epsilon": self.epsilon}
