"""Resampling of images and feature maps by affine transforms."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.rows import take_rows


@keras.saving.register_keras_serializable(package="kerasalign")
class AffineSampler(keras.layers.Layer):
    """Resamples each image by an affine matrix: bilinear interpolation, 0 outside the image.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.
        matrices: `(B, 2, 3)`, maps `(x, y)` of the result to `(x, y)` of the image, in pixels.

    Input shape:
        `(B, H, W, C)` and `(B, 2, 3)`.

    Output shape:
        `(B, H, W, C)`.

    Returns:
        The resampled images, floats. Gradients flow to both arguments.

    Example:

        mirrored = AffineSampler()(images, np.tile([[[-1, 0, 127], [0, 1, 0]]], (8, 1, 1)))

    Reference: Jaderberg et al., "Spatial Transformer Networks" (arXiv 1506.02025), section 3.3.
    """

    def __init__(self, **kwargs):
        # Keras must neither cast `uint8` images nor round the matrices to half precision.
        super().__init__(autocast=False, **kwargs)

    def call(self, images, matrices):
        _, height, width, channels = images.shape
        if "int" in keras.backend.standardize_dtype(images.dtype):
            images = ops.cast(images, self.compute_dtype)
        x, y = places(matrices, height, width)
        left, top = ops.floor(x), ops.floor(y)
        beside, below = x - left, y - top
        left, top = ops.cast(left, "int32"), ops.cast(top, "int32")
        pixels = ops.reshape(images, (-1, channels))
        first = ops.arange(ops.shape(images)[0], dtype="int32")[:, None] * (height * width)
        out = 0
        for row, share_y in ((top, 1 - below), (top + 1, below)):
            for column, share_x in ((left, 1 - beside), (left + 1, beside)):
                inside = ops.cast((row >= 0) & (row < height) & (column >= 0) & (column < width), "float32")
                place = first + ops.clip(row, 0, height - 1) * width + ops.clip(column, 0, width - 1)
                value = take_rows(pixels, ops.reshape(place, (-1,)))
                share = ops.reshape(share_x * share_y * inside, (-1, 1))
                out = out + value * ops.cast(share, images.dtype)
        return ops.reshape(out, (-1, height, width, channels))

    def compute_output_spec(self, images, matrices):
        whole = "int" in keras.backend.standardize_dtype(images.dtype)
        return keras.KerasTensor(images.shape, self.compute_dtype if whole else images.dtype)


def places(matrices, height: int, width: int):
    """Position in the image of each pixel of the result: x and y, `(B, height * width)` float32."""
    matrices = ops.cast(matrices, "float32")
    y, x = (ops.convert_to_tensor(grid.reshape(1, -1).astype("float32")) for grid in np.indices((height, width)))
    found = [matrices[:, i, 0:1] * x + matrices[:, i, 1:2] * y + matrices[:, i, 2:3] for i in (0, 1)]
    return tuple(ops.clip(value, -2.0, side + 1.0) for value, side in zip(found, (width, height)))


def inside(matrices, height: int, width: int):
    """1 where a pixel of the result lies within the picture, else 0: `(B, height, width, 1)` float32."""
    x, y = places(matrices, height, width)
    # Half a hair's tolerance: a mirrored border pixel may land a rounding error outside.
    within = (x >= -1e-3) & (x <= width - 1 + 1e-3) & (y >= -1e-3) & (y <= height - 1 + 1e-3)
    return ops.reshape(ops.cast(within, "float32"), (-1, height, width, 1))
