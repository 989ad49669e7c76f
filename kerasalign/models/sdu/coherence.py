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
    def draw(cls, count, flip_share, rotation, scale, flip, seed, shift=(0.0, 0.0), pose=None) -> Transforms:
        """Random transforms, uniformly distributed.

        Args:
            count: Number of crops.
            flip_share: Share of mirrored faces.
            rotation: Range of degrees.
            scale: Range of factors.
            flip: As in the constructor.
            seed: A Keras `SeedGenerator` or a number.
            shift: Range of the shift along either axis, in units of the crop's side.
            pose: Roll in degrees and size, `(B,)` each, of the faces in the crops, as `pose_of` gives them. A face that
                is turned or scaled already is then moved less far that way, so that the copy stays in the ranges too;
                one that lies beyond them is not moved further. `None`: no matter how the faces lie.
        """
        chance, turn, growth = (
            keras.random.uniform((count,), dtype="float32", seed=seed) for _ in ("mirrored", "angle", "scale")
        )
        angles, factors = rotation, scale
        if pose is not None:
            roll = ops.where(chance < flip_share, -pose[0], pose[0])
            size = ops.maximum(pose[1], 1e-3)
            angles = [ops.clip(end - roll, *rotation) for end in rotation]
            factors = [ops.clip(end / size, *scale) for end in scale]
        angle, factor = (ends[0] + (ends[1] - ends[0]) * part for ends, part in ((angles, turn), (factors, growth)))
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


def pose_of(landmarks, shape):
    """Roll in degrees, clockwise, and size of faces `(B, N, 2)` beside a shape `(N, 2)`: `(B,)` each.

    Both are those of the similarity that lays the shape on the points that are known. A face without any is upright and
    of the shape's size.
    """
    known = ops.cast(ops.logical_not(ops.any(ops.isnan(landmarks), -1, keepdims=True)), "float32")
    count = ops.maximum(ops.sum(known, 1, keepdims=True), 1.0)
    points = ops.where(known > 0, landmarks, 0.0)
    shape = ops.convert_to_tensor(np.asarray(shape, "float32"))[None] * known
    points = known * (points - ops.sum(points, 1, keepdims=True) / count)
    shape = known * (shape - ops.sum(shape, 1, keepdims=True) / count)
    along = ops.sum(shape * points, (1, 2))
    across = ops.sum(shape[..., 0] * points[..., 1] - shape[..., 1] * points[..., 0], 1)
    unit = ops.sum(shape * shape, (1, 2))
    size = ops.where(unit > 0, ops.sqrt(along**2 + across**2) / ops.maximum(unit, 1e-6), 1.0)
    return ops.arctan2(across, along) * (180 / np.pi), size


def _rows(a, b, c, d):
    """`(B, 2, 2)` matrices [[a, b], [c, d]]."""
    return ops.stack([ops.stack([a, b], -1), ops.stack([c, d], -1)], 1)
