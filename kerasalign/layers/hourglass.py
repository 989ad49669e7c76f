"""Hourglass: down to small maps and back, with a skip at every size."""

import keras
from keras import ops

from kerasalign.layers.residual_bottleneck import ResidualBottleneck
from kerasalign.layers.shuffle_unit import ShuffleUnit
from kerasalign.support.checks import at_least, one_of

SHUFFLE = ("none", "decoder", "all")


def double(images):
    """Nearest-neighbor upsampling of `(B, H, W, C)` by 2, as two concatenations: both passes only copy."""
    _, height, width, channels = images.shape
    wide = ops.reshape(ops.concatenate([images, images], -1), (-1, height, 2 * width, channels))
    return ops.reshape(ops.concatenate([wide, wide], 2), (-1, 2 * height, 2 * width, channels))


@keras.saving.register_keras_serializable(package="kerasalign")
class Hourglass(keras.layers.Layer):
    """`h(x) = skip(x) + double(decode(h'(encode(halve(x)))))`; h' is the next smaller hourglass, finally one unit.

    Args:
        middle: Middle channels of the residual units.
        depth: How often the maps are halved.
        shuffle: Where ShuffleNetV2 units replace residual units: `"none"`, `"decoder"` (LW-BAFA's choice)
            or `"all"`.

    Call arguments:
        images: `(B, H, W, C)`; H and W known and divisible by 2^depth.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If an argument is out of range, or the sides are not divisible by 2^depth.

    Example:

        out = Hourglass(80, shuffle="decoder")(np.ones((1, 64, 64, 160), "float32"))

    Reference: Newell et al., "Stacked Hourglass Networks" (arXiv 1603.06937), section 3.1; LW-BAFA (APSIPA TSIP 12,
    e45, 2023), section 3.1 and figure 3.
    """

    def __init__(self, middle: int, depth: int = 4, shuffle: str = "none", **kwargs):
        super().__init__(**kwargs)
        at_least(1, middle=middle, depth=depth)
        one_of("shuffle", shuffle, SHUFFLE)
        self.middle = middle
        self.depth = depth
        self.shuffle = shuffle

    def build(self, input_shape):
        batch, height, width, channels = input_shape
        if not height or not width or height % 2**self.depth or width % 2**self.depth:
            raise ValueError(
                f"An Hourglass of depth {self.depth} needs sides divisible by {2**self.depth}. "
                f"Received: input_shape={input_shape}"
            )
        self.skips = [self._unit(f"skip_{i}", "all", channels) for i in range(self.depth)]
        self.encoders = [self._unit(f"encode_{i}", "all", channels) for i in range(self.depth)]
        self.bottom = self._unit("bottom", "all", channels)
        self.decoders = [self._unit(f"decode_{i}", "decoder", channels) for i in range(self.depth)]
        for i in range(self.depth):
            self.skips[i].build((batch, height >> i, width >> i, channels))
            smaller = (batch, height >> i + 1, width >> i + 1, channels)
            self.encoders[i].build(smaller)
            self.decoders[i].build(smaller)
        self.bottom.build(smaller)

    def _unit(self, name: str, replaced_by: str, channels: int):
        replaced = self.shuffle == "all" or self.shuffle == replaced_by
        unit = ShuffleUnit if replaced else lambda **kw: ResidualBottleneck(channels, self.middle, **kw)
        return unit(name=name, dtype=self.dtype_policy)

    def call(self, images, training=None):
        beside = []
        for skip, encode in zip(self.skips, self.encoders):
            beside.append(skip(images, training=training))
            # Strides spelt out: Keras' default for them fails under JAX.
            images = encode(ops.max_pool(images, 2, 2), training=training)
        images = self.bottom(images, training=training)
        for skipped, decode in zip(reversed(beside), reversed(self.decoders)):
            images = skipped + double(decode(images, training=training))
        return images

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"middle": self.middle, "depth": self.depth, "shuffle": self.shuffle}
