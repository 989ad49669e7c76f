"""Features re-extracted by outer products and self-attention."""

import math

import keras
from keras import ops

from kerasalign.layers.attention import attend, attention_macs
from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.support.checks import at_least


def row_and_column_means(images):
    """`(B, H, W, C)` to means over W `(B, H, C)` and over H `(B, W, C)`."""
    return ops.mean(images, 2), ops.mean(images, 1)


def row_and_column_maxima(images):
    """`(B, H, W, C)` to maxima over W `(B, H, C)` and over H `(B, W, C)`."""
    return ops.max(images, 2), ops.max(images, 1)


@keras.saving.register_keras_serializable(package="kerasalign")
class SAFeature(keras.layers.Layer):
    """Outer products of row and column descriptors, fused with the maps, then self-attention over all positions.

    The mean and the maximum each give a descriptor of every row and of every column, filtered by a convolution of
    size 3 along its axis; their outer product is a map of rank 1 per channel. A 1x1 convolution fuses the maps with
    both products to g; the result is `LayerNorm(g + self_attention(g))`.

    Args:
        size: Size of queries, keys and values; by default half the channels.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If `size` is below 1.

    Example:

        out = SAFeature()(np.ones((1, 16, 16, 256), "float32"))

    Reference: LW-BAFA (APSIPA TSIP 12, e45, 2023), section 3.2: several branches, matrix outer products,
    self-attention. The branches themselves are this library's reading.
    """

    def __init__(self, size: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if size is not None:
            at_least(1, size=size)
        self.size = size

    def build(self, input_shape):
        batch, height, width, channels = input_shape
        size = channels // 2 if self.size is None else self.size
        policy = self.dtype_policy
        self.branches = []
        for kind in ("mean", "max"):
            for axis, length in (("rows", height), ("columns", width)):
                # A strip is an image one pixel wide.
                branch = ConvNorm(channels, (3, 1), dtype=policy, name=f"{kind}_{axis}")
                branch.build((batch, length, 1, channels))
                self.branches.append(branch)
        self.fuse = ConvNorm(channels, dtype=policy, name="fuse")
        self.fuse.build((batch, height, width, 3 * channels))
        # Queries, keys and values in one product.
        self.project = keras.layers.Dense(3 * size, dtype=policy, name="project")
        self.leave = keras.layers.Dense(channels, dtype=policy, name="leave")
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name="norm")
        self.project.build((batch, height * width, channels))
        self.leave.build((batch, height * width, size))
        self.norm.build((batch, height * width, channels))

    def outer_products(self, images, training=None):
        """The two products `(B, H, W, C)`, of means and of maxima."""
        descriptors = (*row_and_column_means(images), *row_and_column_maxima(images))
        strips = [branch(strip[:, :, None], training=training) for branch, strip in zip(self.branches, descriptors)]
        return [rows * ops.swapaxes(columns, 1, 2) for rows, columns in (strips[:2], strips[2:])]

    def call(self, images, training=None):
        _, height, width, channels = images.shape
        fused = self.fuse(ops.concatenate([images, *self.outer_products(images, training)], -1), training=training)
        tokens = ops.reshape(fused, (-1, height * width, channels))
        mixed = self.leave(attend(*ops.split(self.project(tokens), 3, -1)))
        return ops.reshape(self.norm(tokens + mixed), (-1, height, width, channels))

    def count_macs(self, images):
        """Products of the attention and of the outer products."""
        batch, tokens = images[0], images[1] * images[2]
        size = self.leave.kernel.shape[0]
        return attention_macs(batch, tokens, tokens, size) + 2 * math.prod(images)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"size": self.size}
