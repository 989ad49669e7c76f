"""Pyramid pooling: means of a feature map over coarse grids."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.conv_norm import ConvNorm


def pooling_matrix(length: int, bins: int) -> np.ndarray:
    """Means of `bins` parts of an axis as a `(bins, length)` matrix.

    Part i runs from floor(i length / bins) to ceil((i + 1) length / bins), so parts may overlap.
    """
    matrix = np.zeros((bins, length))
    for i in range(bins):
        start, stop = i * length // bins, -(-(i + 1) * length // bins)
        matrix[i, start:stop] = 1 / (stop - start)
    return matrix


def bilinear_matrix(length: int, bins: int) -> np.ndarray:
    """Bilinear resizing of an axis from `bins` to `length` as a `(length, bins)` matrix; pixel centers, clamped."""
    place = np.clip((np.arange(length) + 0.5) * bins / length - 0.5, 0, bins - 1)
    low = np.minimum(np.floor(place).astype(int), max(bins - 2, 0))
    matrix = np.zeros((length, bins))
    np.add.at(matrix, (np.arange(length), low), 1 - (place - low))
    np.add.at(matrix, (np.arange(length), np.minimum(low + 1, bins - 1)), place - low)
    return matrix


@keras.saving.register_keras_serializable(package="kerasalign")
class PyramidPooling(keras.layers.Layer):
    """Averages maps over coarse grids, convolves each grid, enlarges it, and fuses all with the maps themselves.

    Args:
        bins: Sides of the grids.

    Call arguments:
        images: `(B, H, W, C)`, C divisible by the number of grids; H and W must be known.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        the same.

    Raises:
        ValueError: If there is no grid, or C is not divisible by their number.

    Example:

        out = PyramidPooling()(np.ones((1, 64, 64, 160), "float32"))

    Reference: Zhao et al., "Pyramid Scene Parsing Network" (arXiv 1612.01105), section 3.2, with a 1x1 convolution
    for the fusion.
    """

    def __init__(self, bins=(1, 2, 3, 6), **kwargs):
        super().__init__(**kwargs)
        self.bins = [int(side) for side in bins]
        if not self.bins or min(self.bins) < 1:
            raise ValueError(f"`bins` must be sides of grids, at least 1. Received: bins={bins}")

    def build(self, input_shape):
        batch, height, width, channels = input_shape
        if channels % len(self.bins):
            raise ValueError(
                f"PyramidPooling of {len(self.bins)} grids needs channels divisible by that. "
                f"Received: input_shape={input_shape}"
            )
        share = channels // len(self.bins)
        self.grids = [ConvNorm(share, dtype=self.dtype_policy, name=f"grid_{side}") for side in self.bins]
        self.fuse = ConvNorm(channels, dtype=self.dtype_policy, name="fuse")
        for side, grid in zip(self.bins, self.grids):
            grid.build((batch, side, side, channels))
        self.fuse.build((batch, height, width, 2 * channels))

    def call(self, images, training=None):
        _, height, width, _ = images.shape
        parts = [images]
        for side, grid in zip(self.bins, self.grids):
            small = _both_axes(images, pooling_matrix(height, side), pooling_matrix(width, side))
            small = grid(small, training=training)
            parts.append(_both_axes(small, bilinear_matrix(height, side), bilinear_matrix(width, side)))
        return self.fuse(ops.concatenate(parts, -1), training=training)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"bins": self.bins}


def _both_axes(images, down: np.ndarray, across: np.ndarray):
    """Resamples rows, then columns, by a matrix each."""
    _, height, width, channels = images.shape
    down, across = (ops.cast(matrix.astype("float32"), images.dtype) for matrix in (down, across))
    out = ops.matmul(down, ops.reshape(images, (-1, height, width * channels)))
    out = ops.matmul(across, ops.reshape(out, (-1, width, channels)))
    return ops.reshape(out, (-1, down.shape[0], across.shape[0], channels))
