"""MobileNetV2's building block without padding."""

import keras
from keras import ops

from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class InvertedBottleneck(keras.layers.Layer):
    """Expands the channels (1x1), filters each (depthwise 3x3, no padding) and projects them without activation (1x1).

    It replaces a 3x3 convolution without padding: the maps shrink by one pixel on every side. Where input and output
    have the same number of channels, the inner part of the input is added.

    Args:
        filters: Number of output channels.
        expansion: Channels in the middle per input channel.

    Call arguments:
        images: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H - 2, W - 2, filters)`.

    Raises:
        ValueError: If `filters` or `expansion` is below 1.

    Example:

        small = InvertedBottleneck(32)(np.ones((1, 14, 14, 3), "float32"))      # (1, 12, 12, 32)

    Reference: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (arXiv 1801.04381),
    section 3. Here without batch normalization, which MuSiCa does not have.
    """

    def __init__(self, filters: int, expansion: int = 6, **kwargs):
        super().__init__(**kwargs)
        at_least(1, filters=filters, expansion=expansion)
        self.filters = filters
        self.expansion = expansion

    def build(self, input_shape):
        wide = self.expansion * input_shape[-1]
        # Three layers without normalization: kernels that keep the variance, or nothing comes out at the end.
        self.expand = keras.layers.Conv2D(
            wide, 1, activation="relu6", kernel_initializer="he_normal", dtype=self.dtype_policy, name="expand"
        )
        self.filter = keras.layers.DepthwiseConv2D(
            3,
            activation="relu6",
            dtype=self.dtype_policy,
            name="filter",
            # He's rule for 9 inputs; Keras' own would count all channels as inputs.
            depthwise_initializer=keras.initializers.TruncatedNormal(stddev=(2 / 9) ** 0.5),
        )
        self.project = keras.layers.Conv2D(
            self.filters, 1, kernel_initializer="he_normal", dtype=self.dtype_policy, name="project"
        )
        self.expand.build(input_shape)
        self.filter.build((*input_shape[:3], wide))
        self.project.build((*input_shape[:3], wide))

    def call(self, images):
        out = self.project(self.filter(self.expand(images)))
        if images.shape[-1] == self.filters:
            out = out + ops.cast(images[:, 1:-1, 1:-1], out.dtype)
        return out

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        return (batch, *(side and side - 2 for side in sides), self.filters)

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "expansion": self.expansion}
