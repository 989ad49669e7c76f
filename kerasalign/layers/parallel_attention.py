"""Channel and spatial attention side by side."""

import keras
from keras import layers, ops

from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class ParallelAttention(keras.layers.Layer):
    """Weights maps by channel and by position; both weights come from a guide: `x * Ac(s) * As(s) + x`.

    Args:
        reduction: Channels of `guide` per hidden unit of the channel attention.

    Call arguments:
        maps: `(B, H, W, C)`, the maps to weight.
        guide: `(B, H, W, C)`, the maps that decide the weights: semantically richer maps, or `maps` itself.

    Input shape:
        `(B, H, W, C)` twice.

    Output shape:
        `(B, H, W, C)` and `(B, H, W, C)`.

    Returns:
        The weighted maps, and the product of both attentions in 0..1.

    Raises:
        ValueError: If `reduction` is below 1.

    Example:

        out, attention = ParallelAttention()(maps, guide)

    Reference: arXiv 2006.11697, section 3.1, equation 1: the parts of CBAM, in parallel and with a reduction of 2.
    """

    def __init__(self, reduction: int = 2, **kwargs):
        super().__init__(**kwargs)
        at_least(1, reduction=reduction)
        self.reduction = reduction

    def build(self, maps_shape, guide_shape):
        channels = guide_shape[-1]
        hidden = max(channels // self.reduction, 1)
        self.squeeze = layers.Dense(hidden, activation="relu", use_bias=False, dtype=self.dtype_policy, name="squeeze")
        self.excite = layers.Dense(channels, use_bias=False, dtype=self.dtype_policy, name="excite")
        self.place = layers.Conv2D(1, 7, padding="same", dtype=self.dtype_policy, name="place")
        self.squeeze.build((None, channels))
        self.excite.build((None, hidden))
        self.place.build((*guide_shape[:-1], 2))

    def call(self, maps, guide):
        pooled = [self.excite(self.squeeze(pool(guide, (1, 2)))) for pool in (ops.mean, ops.max)]
        channel = ops.sigmoid(pooled[0] + pooled[1])[:, None, None]
        planes = ops.concatenate([ops.mean(guide, -1, keepdims=True), ops.max(guide, -1, keepdims=True)], -1)
        attention = channel * ops.sigmoid(self.place(planes))
        return maps * attention + maps, attention

    def compute_output_shape(self, maps_shape, guide_shape):
        return tuple(maps_shape), tuple(maps_shape)

    def get_config(self):
        return super().get_config() | {"reduction": self.reduction}
