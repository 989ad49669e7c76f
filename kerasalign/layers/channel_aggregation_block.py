"""Channel aggregation block: channels shrink step by step and grow back, with a branch at every step."""

from itertools import pairwise

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.layers.depthwise_norm import DepthwiseNorm


@keras.saving.register_keras_serializable(package="kerasalign")
class ChannelAggregationBlock(keras.layers.Layer):
    """A symmetric residual block with a branch before every halving and a merge before every doubling of the channels.

    With `c_0 = x`, `c_i` a 3x3 convolution of `c_(i-1)` to half its channels, and `r` the repetition of all channels:

        a_0 = (c_0 + r(c_1)) / 2    a_1 = (D(c_1) + r(c_2)) / 2    a_2 = (D(c_2) + r(c_3)) / 2
        b_0 = (a_0 + r(a_1)) / 2    b_1 = (a_1 + r(a_2)) / 2       out = (b_0 + r(b_1)) / 2

    Convolutions and depthwise convolutions D are normalized and end in ReLU; sums do not, and x reaches the output with
    weight 1/8.

    Args:
        momentum: Momentum of the normalizations' moving statistics.
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

        out = ChannelAggregationBlock()(np.ones((1, 64, 64, 256), "float32"))

    Reference: SDU (arXiv 1812.01936), section 2.2 and figure 3; algebra of the released code.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        *sides, channels = input_shape
        if channels % 8:
            raise ValueError(
                f"A ChannelAggregationBlock needs channels divisible by 8. Received: input_shape={input_shape}"
            )
        options = {"momentum": self.momentum, "epsilon": self.epsilon, "dtype": self.dtype_policy}
        self.reduce = [ConvNorm(channels >> i, 3, name=f"reduce_{i}", **options) for i in (1, 2, 3)]
        self.filter = [DepthwiseNorm(name=f"filter_{i}", **options) for i in (1, 2)]
        for i, layer in enumerate(self.reduce):
            layer.build((*sides, channels >> i))
        for i, layer in enumerate(self.filter, 1):
            layer.build((*sides, channels >> i))

    def call(self, images, training=None):
        narrow = [images]
        for layer in self.reduce:
            narrow.append(layer(narrow[-1], training=training))
        branches = [images] + [layer(x, training=training) for layer, x in zip(self.filter, narrow[1:])]
        wide = [_joined(branch, inner) for branch, inner in zip(branches, narrow[1:])]
        wide = [_joined(outer, inner) for outer, inner in pairwise(wide)]
        return _joined(*wide)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum, "epsilon": self.epsilon}


def _joined(outer, inner):
    """Mean of maps and of others with half as many channels, repeated."""
    return (outer + ops.concatenate([inner, inner], -1)) * 0.5
