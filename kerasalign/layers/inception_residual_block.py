"""Residual block of three branches of one, two and three convolutions."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm


@keras.saving.register_keras_serializable(package="kerasalign")
class InceptionResidualBlock(keras.layers.Layer):
    """Parallel branches 1x1, 1x1-3x3 and 1x1-3x3-3x3, joined by a 1x1 convolution, and a skip connection.

    The branches have a quarter, a quarter and a half of the channels. Every convolution is normalized, and all but
    the joining one end in ReLU; another ReLU comes after the sum.

    Args:
        epsilon: Added to the variances of the normalizations.

    Call arguments:
        images: `(B, H, W, C)`, C divisible by 8.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If the number of channels is not divisible by 8.

    Example:

        out = InceptionResidualBlock()(np.ones((1, 64, 64, 256), "float32"))

    Reference: Szegedy et al., "Inception-v4" (arXiv 1602.07261), figure 10; SDU (arXiv 1812.01936), figure 3.
    """

    def __init__(self, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        *sides, channels = input_shape
        if channels % 8:
            raise ValueError(
                f"An InceptionResidualBlock needs channels divisible by 8. Received: input_shape={input_shape}"
            )
        quarter, middle, half = channels // 4, 3 * channels // 8, channels // 2
        plans = (((quarter, 1),), ((quarter, 1), (quarter, 3)), ((quarter, 1), (middle, 3), (half, 3)))
        options = {"epsilon": self.epsilon, "dtype": self.dtype_policy}
        self.branches = []
        for i, plan in enumerate(plans):
            self.branches.append([ConvNorm(*step, name=f"branch_{i}{j}", **options) for j, step in enumerate(plan)])
            for given, layer in zip((channels, *(filters for filters, _ in plan)), self.branches[i]):
                layer.build((*sides, given))
        self.join = ConvNorm(channels, activation=False, name="join", **options)
        self.join.build(input_shape)

    def call(self, images, training=None):
        parts = []
        for branch in self.branches:
            x = images
            for layer in branch:
                x = layer(x, training=training)
            parts.append(x)
        return ops.relu(images + self.join(ops.concatenate(parts, -1), training=training))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
