"""ShuffleNetV2's unit of stride 1."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable(package="kerasalign")
class ShuffleUnit(keras.layers.Layer):
    """Half of the channels pass unchanged; the others go through 1x1, depthwise 3x3 and 1x1 convolutions.

    The channels 0, 2, 4, ... pass and come first in the output; 1, 3, 5, ... are filtered and come last. Taking every
    second channel combines the shuffle of the previous unit with the split of this one.

    Call arguments:
        images: `(B, H, W, C)`, C divisible by 4.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If the number of channels is not divisible by 4.

    Example:

        out = ShuffleUnit()(np.ones((1, 32, 32, 160), "float32"))

    Reference: Ma et al., "ShuffleNet V2" (arXiv 1807.11164), figure 3c; LW-BAFA (APSIPA TSIP 12, e45, 2023), figure 3.
    """

    def build(self, input_shape):
        if input_shape[-1] % 4:
            raise ValueError(f"A ShuffleUnit needs channels divisible by 4. Received: input_shape={input_shape}")
        half = input_shape[-1] // 2
        shape = (*input_shape[:-1], half)
        self.enter = ConvNorm(half, dtype=self.dtype_policy, name="enter")
        self.filter = keras.layers.DepthwiseConv2D(
            3,
            padding="same",
            use_bias=False,
            dtype=self.dtype_policy,
            name="filter",
            # He's rule for 9 inputs; Keras' own would count all channels as inputs.
            depthwise_initializer=keras.initializers.TruncatedNormal(stddev=(2 / 9) ** 0.5),
        )
        self.norm = FusedBatchNormalization(dtype=self.dtype_policy, name="norm")
        self.leave = ConvNorm(half, dtype=self.dtype_policy, name="leave")
        for layer in (self.enter, self.filter, self.norm, self.leave):
            layer.build(shape)

    def call(self, images, training=None):
        out = self.enter(images[..., 1::2], training=training)
        out = self.leave(self.norm(self.filter(out), training=training), training=training)
        return ops.concatenate([images[..., ::2], out], -1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)
