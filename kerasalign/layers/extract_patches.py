"""Patches of an image around given points."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.rows import take_rows
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class ExtractPatches(keras.layers.Layer):
    """Copies a square patch around each center: nearest pixels, no interpolation, zero outside the image.

    A patch starts at `floor(center) - patch_size // 2`. No gradient flows to the images or the centers.

    Args:
        patch_size: Side of a patch in pixels.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.
        centers: `(B, P, 2)`, y then x, in pixels of the image.

    Input shape:
        `(B, H, W, C)` and `(B, P, 2)`.

    Output shape:
        `(B, P, patch_size, patch_size, C)`.

    Raises:
        ValueError: If `patch_size` is below 1.

    Example:

        patches = ExtractPatches(14)(images, np.full((1, 1, 2), 64.0))      # rows and columns 57..70

    Reference: "Knowing When to Quit" (arXiv 2108.00377), section 3.1. The authors' TensorFlow operator leaves
    pixels outside the image uninitialized; here they are 0.
    """

    def __init__(self, patch_size: int = 14, **kwargs):
        # Patches have the dtype of the image: `uint8` crops are not turned into floats to copy a few of their pixels.
        super().__init__(autocast=False, **kwargs)
        at_least(1, patch_size=patch_size)
        self.patch_size = patch_size

    def call(self, images, centers):
        images = ops.stop_gradient(images)
        _, height, width, channels = images.shape
        offsets = np.arange(self.patch_size, dtype="int32") - self.patch_size // 2
        # Far-away centers are clipped first: their patches are empty anyway, and int32 must not overflow.
        limit = float(max(height, width) + self.patch_size)
        start = ops.floor(ops.clip(ops.stop_gradient(ops.cast(centers, "float32")), -limit, limit))
        start = ops.cast(start, "int32")
        beside = ops.convert_to_tensor(offsets)
        rows, row_inside = _within(start[..., 0:1] + beside, height)
        columns, _ = _within(start[..., 1:2] + beside, width)
        # Channels lie beside each other: products of long rows are fast, with a last axis of three they are not.
        _, inside = _within(start[..., 1:2] + ops.convert_to_tensor(np.repeat(offsets, channels)), width)
        inside = ops.logical_and(ops.expand_dims(row_inside, -1), ops.expand_dims(inside, -2))
        batch = ops.reshape(ops.arange(ops.shape(images)[0], dtype="int32") * height, (-1, 1, 1))
        flat = ops.expand_dims((batch + rows) * width, -1) + ops.expand_dims(columns, -2)
        patches = take_rows(ops.reshape(images, (-1, channels)), flat)
        side, points = self.patch_size, centers.shape[1]
        patches = ops.reshape(patches, (-1, points, side, side * channels)) * ops.cast(inside, patches.dtype)
        return ops.reshape(patches, (-1, points, side, side, channels))

    def compute_output_shape(self, images_shape, centers_shape):
        return (*centers_shape[:2], self.patch_size, self.patch_size, images_shape[-1])

    def compute_output_spec(self, images, centers):
        return keras.KerasTensor(self.compute_output_shape(images.shape, centers.shape), dtype=images.dtype)

    def get_config(self):
        return super().get_config() | {"patch_size": self.patch_size}


def _within(places, size: int):
    """Places along an axis moved into it, and which of them were there."""
    kept = ops.clip(places, 0, size - 1)
    return kept, ops.equal(places, kept)
