"""Mean and standard deviation of the pixels of a crop that lie in the photo."""

import keras
import numpy as np
from keras import ops

from kerasalign.support.checks import positive


@keras.saving.register_keras_serializable(package="kerasalign")
class PhotoStatistics(keras.layers.Layer):
    """Per-image mean and inverse standard deviation over the pixels inside the photo.

    Pixels that are exactly (0, 0, 0) lie outside the photo (see `kerasalign.geometry.warp`) and do not count.

    Args:
        epsilon: Smallest standard deviation, in gray levels.
        per_channel: Whether each channel has statistics of its own.

    Call arguments:
        images: `(B, H, W, C)`, `uint8` or float in 0..255; H and W must be known.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        two of `(B, 1)`, or of `(B, C)` per channel.

    Returns:
        Mean and 1 / standard deviation, float32.

    Raises:
        ValueError: If `epsilon` is not positive.

    Example:

        mean, scale = PhotoStatistics()(crops)
        standardized = standardize(crops, mean, scale)      # mean 0, deviation 1, 0 outside the photo

    Reference: the authors' code of MuSiCa (arXiv 2108.00377): `(x - mean) / std` per image.
    """

    def __init__(self, epsilon: float = 1.0, per_channel: bool = False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        positive(epsilon=epsilon)
        self.epsilon = epsilon
        self.per_channel = per_channel

    def call(self, images):
        # Sums over 156,000 pixels need float32 whatever the compute dtype is.
        x = ops.cast(images, "float32")
        channels = x.shape[-1]
        groups = channels if self.per_channel else 1
        count = ops.maximum(_total(inside_photo(x), 1) * (channels // groups), 1.0)
        mean = _total(x, groups) / count
        # Outside pixels are 0, so both sums are over the photo alone.
        variance = _total(ops.square(x), groups) / count - ops.square(mean)
        return mean, ops.rsqrt(ops.maximum(variance, self.epsilon**2))

    def compute_output_spec(self, images):
        shape = (images.shape[0], images.shape[-1] if self.per_channel else 1)
        return keras.KerasTensor(shape, "float32"), keras.KerasTensor(shape, "float32")

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon, "per_channel": self.per_channel}


def _total(x, groups: int):
    """Sums of `(B, H, W, C)` over the pixels and all but `groups` of the channels, `(B, groups)`.

    Columns first: LiteRT adds one number after the other, and so many lose digits. By products with ones, which every
    runtime does many times faster than a sum.
    """
    _, height, width, channels = x.shape
    columns = ops.matmul(np.ones((1, height), "float32"), ops.reshape(x, (-1, height, width * channels)))
    # Of a matrix: of a stack of them TensorFlow works out the shapes, a dozen operations more.
    ones = np.tile(np.eye(groups, dtype="float32"), (width * channels // groups, 1))
    return ops.matmul(ops.reshape(columns, (-1, width * channels)), ones)


def inside_photo(images):
    """`(..., H, W, C)` float images to `(..., H, W, 1)`: 1 inside the photo, 0 where the pixel is exactly black."""
    # By a product that adds the channels of some pixels at a time: sums over three channels are slow, and so is, in
    # ONNX Runtime, whatever has a last axis of 1. Weights are so large that what is not black gives more than 1.
    *_, width, channels = images.shape
    pixels = max(count for count in range(1, 17) if width % count == 0)
    weights = np.kron(np.eye(pixels), np.full((channels, 1), 1e30)).astype("float32")
    total = ops.matmul(ops.reshape(ops.cast(images, "float32"), (-1, pixels * channels)), weights)
    inside = ops.cast(ops.clip(total, 0.0, 1.0), images.dtype)
    return ops.reshape(inside, (-1, *images.shape[1:-1], 1))


def standardize(images, mean, scale):
    """`(x - mean) * scale` inside the photo and 0 outside; statistics as from `PhotoStatistics`, images
    `(B, ..., C)` in 0..255."""
    x = ops.cast(images, "float32")
    shape = (-1,) + (1,) * (len(x.shape) - 2) + (mean.shape[-1],)
    return (x - ops.reshape(mean, shape)) * inside_photo(x) * ops.reshape(scale, shape)
