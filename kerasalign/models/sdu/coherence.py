"""Transforms that pair a crop with a changed copy of itself, and what they do to landmarks and maps."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerasalign.layers.affine_sampler import AffineSampler, inside


class Transforms:
    """A batch of transforms T of square crops: mirror some, then rotate and scale about the middle, then shift.

    Args:
        mirrored: `(B,)` 0 or 1.
        angle: `(B,)` degrees; positive is clockwise.
        scale: `(B,)` factor.
        flip: Permutation of the landmarks of a mirrored face; `None` if no face is mirrored.
        shift: `(B, 2)` shift in x and y in units of the crop's side; `None` for none.

    Example:

        moved = Transforms(np.ones(8), np.zeros(8), np.ones(8), markup.flip)
        mirrored = moved.images(crops)
    """

    def __init__(self, mirrored, angle, scale, flip=None, shift=None):
        self.mirrored = ops.cast(mirrored, "float32")
        turn = ops.cast(angle, "float32") * (np.pi / 180)
        scale = ops.cast(scale, "float32")
        side = 1 - 2 * self.mirrored
        cos, sin = ops.cos(turn), ops.sin(turn)
        self.linear = _rows(scale * cos * side, -scale * sin, scale * sin * side, scale * cos)
        self.inverse = _rows(side * cos / scale, side * sin / scale, -sin / scale, cos / scale)
        self.shift = ops.zeros_like(self.linear[:, 0]) if shift is None else ops.cast(shift, "float32")
        self.flip = None if flip is None else np.asarray(flip, "int32")

    @classmethod
    def draw(cls, count, flip_share, rotation, scale, flip, seed, shift=(0.0, 0.0)) -> Transforms:
        """Random transforms, uniformly distributed.

        Args:
            count: Number of crops.
            flip_share: Share of mirrored faces.
            rotation: Range of degrees.
            scale: Range of factors.
            flip: As in the constructor.
            seed: A Keras `SeedGenerator` or a number.
            shift: Range of the shift along either axis, in units of the crop's side.
        """
        chance, angle, factor = (
            keras.random.uniform((count,), *limits, dtype="float32", seed=seed)
            for limits in ((0.0, 1.0), tuple(rotation), tuple(scale))
        )
        moved = keras.random.uniform((count, 2), *tuple(shift), dtype="float32", seed=seed)
        return cls(chance < flip_share, angle, factor, flip if flip_share else None, moved)

    def images(self, images):
        """The transformed crops of `(B, S, S, 3)` crops, float32; 0 beyond their border."""
        return AffineSampler(dtype="float32")(images, self._backward(images.shape[1]))

    def points(self, landmarks, size: int):
        """The transformed landmarks of `(B, N, 2)` landmarks in crops of `size` pixels; NaN stays NaN."""
        moved = ops.matmul(landmarks - (size - 1) / 2, ops.swapaxes(self.linear, 1, 2)) + (size - 1) / 2
        moved = moved + self.shift[:, None] * size
        return self._swapped(moved, 1)

    def maps(self, maps):
        """The transformed maps of `(B, I, H, H, N)` maps of I stacks; 0 beyond their border."""
        _, stacks, side, _, count = maps.shape
        backward = ops.repeat(self._backward(side), stacks, 0)
        moved = AffineSampler(dtype="float32")(ops.reshape(maps, (-1, side, side, count)), backward)
        return self._swapped(ops.reshape(moved, (-1, stacks, side, side, count)), 4)

    def inside(self, side: int):
        """`(B, side, side, 1)`: 1 for pixels of transformed maps whose source lies within the maps, else 0."""
        return inside(self._backward(side), side, side)

    def _backward(self, side: int):
        """Matrices from pixels of the result to pixels of the source."""
        middle = (side - 1) / 2
        # About the middle, so the same for crops and their maps but for the middle itself.
        shift = middle * (1 - ops.sum(self.inverse, -1, keepdims=True))
        shift = shift - ops.matmul(self.inverse, self.shift[..., None] * side)
        return ops.concatenate([self.inverse, shift], -1)

    def _swapped(self, values, axis: int):
        """Values with the landmarks of mirrored faces permuted by `flip`, along one axis."""
        if self.flip is None:
            return values
        mirrored = ops.reshape(self.mirrored, (-1,) + (1,) * (len(values.shape) - 1))
        return ops.where(mirrored > 0, ops.take(values, self.flip, axis=axis), values)


def _rows(a, b, c, d):
    """`(B, 2, 2)` matrices [[a, b], [c, d]]."""
    return ops.stack([ops.stack([a, b], -1), ops.stack([c, d], -1)], 1)
