"""Downsampling after a blur."""

import math

import keras
import numpy as np
from keras import ops

from kerasalign.layers.conv_norm import strided_shape
from kerasalign.support.checks import at_least


def blur_matrix(length: int, size: int = 4, stride: int = 2) -> np.ndarray:
    """One axis of a blur pool as a `(ceil(length / stride), length)` matrix.

    Row k is the binomial filter of `size` taps about position `stride * k`, its sum 1; the borders are reflected
    without repeating the edge.
    """
    taps = np.array([math.comb(size - 1, i) for i in range(size)]) / 2 ** (size - 1)
    # Where a reflected index falls: period 2 (length - 1), the second half running back.
    index = np.arange(-(-length // stride))[:, None] * stride - (size - 1) // 2 + np.arange(size)
    index = np.abs(index) % max(2 * (length - 1), 1)
    index = np.minimum(index, 2 * (length - 1) - index)
    matrix = np.zeros((len(index), length))
    np.add.at(matrix, (np.arange(len(index))[:, None], index), taps)
    return matrix


@keras.saving.register_keras_serializable(package="kerasalign")
class BlurPool(keras.layers.Layer):
    """Downsamples maps after a fixed binomial blur, which keeps them from aliasing when the image shifts.

    Args:
        size: Taps of the blur; 4 is [1, 3, 3, 1] / 8 along both axes.
        stride: Step between the pixels that are kept.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, ceil(H / stride), ceil(W / stride), C)`.

    Raises:
        ValueError: If `size` or `stride` is below 1.

    Example:

        half = BlurPool()(np.ones((1, 64, 64, 256), "float32"))      # (1, 32, 32, 256)

    Reference: Zhang, "Making Convolutional Networks Shift-Invariant Again" (arXiv 1904.11486), section 3.2.
    """

    def __init__(self, size: int = 4, stride: int = 2, **kwargs):
        super().__init__(**kwargs)
        at_least(1, size=size, stride=stride)
        self.size = size
        self.stride = stride

    def call(self, images):
        # Two matrix products: no padding mode or depthwise convolution, which not every runtime has.
        _, height, width, channels = images.shape
        down, across = (blur_matrix(side, self.size, self.stride).astype("float32") for side in (height, width))
        rows, columns = len(down), len(across)
        out = ops.reshape(images, (-1, height, width * channels))
        out = ops.matmul(ops.cast(down, images.dtype), out)
        out = ops.matmul(ops.cast(across, images.dtype), ops.reshape(out, (-1, width, channels)))
        return ops.reshape(out, (-1, rows, columns, channels))

    def compute_output_shape(self, input_shape):
        return strided_shape(input_shape, self.stride, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"size": self.size, "stride": self.stride}
