"""Residual block of three consecutive convolutions whose outputs are concatenated."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import convolution
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable(package="kerasalign")
class ParallelMultiscaleBlock(keras.layers.Layer):
    """Three consecutive 3x3 convolutions of a half, a quarter and a quarter of the channels, concatenated; a skip.

    Normalization and ReLU precede each convolution; nothing follows the sum. Where the number of channels changes, the
    skip is a 1x1 convolution of the first activation.

    Args:
        filters: Number of output channels, divisible by 4.
        epsilon: Added to the variances of the normalizations.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, filters)`.

    Raises:
        ValueError: If `filters` is not a positive multiple of 4.

    Example:

        out = ParallelMultiscaleBlock(256)(np.ones((1, 64, 64, 128), "float32"))      # (1, 64, 64, 256)

    Reference: Bulat and Tzimiropoulos, "Binarized Convolutional Landmark Localizers" (arXiv 1703.00862), figure 4:
    hierarchical, parallel and multi-scale, HPM; SDU (arXiv 1812.01936), figure 3.
    """

    def __init__(self, filters: int, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        if filters < 4 or filters % 4:
            raise ValueError(f"`filters` must be a positive multiple of 4. Received: filters={filters}")
        self.filters = filters
        self.epsilon = epsilon

    def build(self, input_shape):
        *sides, channels = input_shape
        made = (self.filters // 2, self.filters // 4, self.filters // 4)
        self.norms, self.convs = [], []
        for i, (given, filters) in enumerate(zip((channels, *made), made)):
            self.norms.append(FusedBatchNormalization(epsilon=self.epsilon, dtype=self.dtype_policy, name=f"norm_{i}"))
            self.convs.append(convolution(filters, 3, f"conv_{i}", self.dtype_policy))
            self.norms[i].build((*sides, given))
            self.convs[i].build((*sides, given))
        self.skip = None
        if channels != self.filters:
            self.skip = convolution(self.filters, 1, "skip", self.dtype_policy)
            self.skip.build(input_shape)

    def call(self, images, training=None):
        beside, x, parts = images, images, []
        for i, (norm, conv) in enumerate(zip(self.norms, self.convs)):
            x = ops.relu(norm(x, training=training))
            if i == 0 and self.skip is not None:
                beside = self.skip(x)
            x = conv(x)
            parts.append(x)
        return ops.concatenate(parts, -1) + beside

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "epsilon": self.epsilon}
