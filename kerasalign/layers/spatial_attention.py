"""Spatial attention, learned from the features themselves."""

import keras
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm


@keras.saving.register_keras_serializable(package="kerasalign")
class SpatialAttention(keras.layers.Layer):
    """A map of weights from a 1x1 convolution, batch normalization, ReLU and a sigmoid: `(1 + map) * features`.

    `residual=False` gives `map * features` (equation 2), which the paper rejects for its "sharp plunge" of values.

    With the ReLU, as printed in the paper, the map is in [0.5, 1), and a position with a negative response gets no
    gradient. `relu=False` gives the whole range [0, 1] of the paper's text.

    Args:
        channels: Number of maps: 1, shared by all channels, or `None` for a map for each channel.
        relu: Whether ReLU precedes the sigmoid.
        momentum: Momentum of the normalization's moving statistics.
        epsilon: Added to the variance of the normalization.
        residual: Whether the features are added to the weighted ones (equation 1).

    Call arguments:
        features: `(B, H, W, C)`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, C)` and `(B, H, W, channels)`.

    Returns:
        The weighted features, and the map in 0..1.

    Raises:
        ValueError: If `channels` is neither 1 nor `None`.

    Example:

        weighted, attention = SpatialAttention()(np.ones((1, 64, 64, 128), "float32"))

    Reference: Yue et al., "Attentional Alignment Networks" (BMVC 2018), section 3.1, equation 1.
    """

    def __init__(
        self,
        channels: int | None = 1,
        relu: bool = True,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        residual: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if channels not in (1, None):
            raise ValueError(f"`channels` must be 1 or None. Received: channels={channels!r}")
        self.channels = channels
        self.relu = relu
        self.momentum = momentum
        self.epsilon = epsilon
        self.residual = residual

    def build(self, input_shape):
        self.respond = ConvNorm(
            self.channels or input_shape[-1],
            activation=self.relu,
            momentum=self.momentum,
            epsilon=self.epsilon,
            dtype=self.dtype_policy,
            name="respond",
        )
        self.respond.build(input_shape)

    def call(self, features, training=None):
        attention = ops.sigmoid(self.respond(features, training=training))
        return (1 + attention if self.residual else attention) * features, attention

    def compute_output_shape(self, input_shape):
        return tuple(input_shape), (*input_shape[:-1], self.channels or input_shape[-1])

    def get_config(self):
        return super().get_config() | {
            "channels": self.channels,
            "relu": self.relu,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "residual": self.residual,
        }
