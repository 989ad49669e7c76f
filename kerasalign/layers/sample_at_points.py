"""Features of maps at points."""

import keras
from keras import ops

from kerasalign.layers.rows import take_rows
from kerasalign.support.checks import positive


@keras.saving.register_keras_serializable(package="kerasalign")
class SampleAtPoints(keras.layers.Layer):
    """Reads maps at points by bilinear interpolation; points outside take the nearest border.

    Args:
        stride: Crop pixels per pixel of the maps; a crop's pixel u is at (u + 0.5) / stride - 0.5.

    Call arguments:
        maps: `(B, H, W, C)`; H and W must be known.
        points: `(B, N, 2)`, x then y, in pixels of the crop.

    Input shape:
        `(B, H, W, C)` and `(B, N, 2)`.

    Output shape:
        `(B, N, C)`.

    Returns:
        The features of each point, float32. No gradient flows to maps or points: what reads them changes neither.

    Raises:
        ValueError: If `stride` is not positive.

    Example:

        features = SampleAtPoints(4)(maps, landmarks)      # (B, 32, 32, 160), (B, 68, 2) to (B, 68, 160)
    """

    def __init__(self, stride: float, **kwargs):
        # Keras must not round the points to half precision.
        super().__init__(autocast=False, **kwargs)
        positive(stride=stride)
        self.stride = stride

    def call(self, maps, points):
        maps, points = ops.stop_gradient(maps), ops.stop_gradient(points)
        _, height, width, channels = maps.shape
        place = (ops.cast(points, "float32") + 0.5) / self.stride - 0.5
        x, y = ops.clip(place[..., 0], 0.0, width - 1.0), ops.clip(place[..., 1], 0.0, height - 1.0)
        left, top = ops.floor(x), ops.floor(y)
        beside, below = x - left, y - top
        left, top = ops.cast(left, "int32"), ops.cast(top, "int32")
        right, bottom = ops.minimum(left + 1, width - 1), ops.minimum(top + 1, height - 1)
        pixels = ops.reshape(maps, (-1, channels))
        first = ops.arange(ops.shape(maps)[0], dtype="int32")[:, None] * (height * width)
        out = 0.0
        for row, share_y in ((top, 1 - below), (bottom, below)):
            for column, share_x in ((left, 1 - beside), (right, beside)):
                value = take_rows(pixels, ops.reshape(first + row * width + column, (-1,)))
                out = out + ops.cast(value, "float32") * ops.reshape(share_x * share_y, (-1, 1))
        return ops.reshape(out, (-1, points.shape[1], channels))

    def compute_output_spec(self, maps, points):
        return keras.KerasTensor((points.shape[0], points.shape[1], maps.shape[-1]), "float32")

    def get_config(self):
        return super().get_config() | {"stride": self.stride}
