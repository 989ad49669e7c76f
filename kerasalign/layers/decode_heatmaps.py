"""Landmarks from heatmaps."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.rows import take_rows
from kerasalign.support.checks import at_least, one_of

DECODERS = ("quarter", "soft", "insightface")
ACTIVATIONS = ("sigmoid", "softmax", "linear")
_REACH = 3


@keras.saving.register_keras_serializable(package="kerasalign")
class DecodeHeatmaps(keras.layers.Layer):
    """Position of the maximum of each map in pixels of the crop, and its probability.

    There are three methods:

    - `"quarter"`: the maximum, moved by a quarter of a pixel towards its larger neighbor in x and in y.
    - `"soft"`: the mean position of the 7x7 pixels around the maximum, weighted by their values after `activation`.
    - `"insightface"`: the maximum of the maps resized to the crop, a whole number, as in SDU's released code. For a
      single peak it is half a crop pixel too far up and left.

    Of equal maxima the first one counts.

    Args:
        stride: Crop pixels per pixel of a map.
        decode: The method.
        activation: Function from maps to probabilities: `"sigmoid"`, `"softmax"` over the pixels, or `"linear"`.

    Call arguments:
        maps: `(B, H, W, N)` before the activation; H and W must be known.

    Input shape:
        `(B, H, W, N)`.

    Output shape:
        `(B, N, 2)` and `(B, N)`.

    Returns:
        Landmarks, x then y, and the probability at the maximum in 0..1, float32. No gradient flows to the maps.

    Raises:
        ValueError: If an argument is out of range.

    Example:

        landmarks, confidence = DecodeHeatmaps(stride=2)(np.zeros((1, 64, 64, 68), "float32"))

    Reference: SDU (arXiv 1812.01936) and its released code; Newell et al. (arXiv 1603.06937), the quarter.
    """

    def __init__(self, stride: int = 2, decode: str = "quarter", activation: str = "sigmoid", **kwargs):
        super().__init__(autocast=False, **kwargs)
        one_of("decode", decode, DECODERS)
        one_of("activation", activation, ACTIVATIONS)
        at_least(1, stride=stride)
        self.stride = stride
        self.decode = decode
        self.activation = activation

    def call(self, maps):
        maps = ops.stop_gradient(ops.cast(maps, "float32"))
        peak, row, column = _highest(maps)
        confidence = self._confidence(maps, peak)
        if self.decode == "insightface":
            _, y, x = _highest(self._resized(maps))
            return ops.cast(ops.stack([x, y], -1), "float32"), confidence
        shift_y, shift_x = (self._quarter if self.decode == "quarter" else self._soft)(maps, peak, row, column)
        place = ops.stack([ops.cast(column, "float32") + shift_x, ops.cast(row, "float32") + shift_y], -1)
        return (place + 0.5) * self.stride - 0.5, confidence

    def _quarter(self, maps, peak, row, column):
        _, height, width, _ = maps.shape
        shifts = []
        for axis, place, side in ((0, row, height), (1, column, width)):
            after, before = (_near(maps, row, column, step * (axis == 0), step * (axis == 1)) for step in (1, -1))
            between = ops.cast((place > 0) & (place < side - 1), "float32")
            shifts.append(0.25 * ops.sign(after - before) * between)
        return shifts

    def _soft(self, maps, peak, row, column):
        _, height, width, _ = maps.shape
        total = down = right = 0
        for dy in range(-_REACH, _REACH + 1):
            for dx in range(-_REACH, _REACH + 1):
                inside = (row + dy >= 0) & (row + dy < height) & (column + dx >= 0) & (column + dx < width)
                weight = self._probability(_near(maps, row, column, dy, dx), peak) * ops.cast(inside, "float32")
                total, down, right = total + weight, down + dy * weight, right + dx * weight
        total = ops.maximum(total, keras.config.epsilon())
        return down / total, right / total

    def _probability(self, values, peak):
        if self.activation == "softmax":
            return ops.exp(values - peak)
        return ops.sigmoid(values) if self.activation == "sigmoid" else ops.relu(values)

    def _confidence(self, maps, peak):
        if self.activation == "softmax":
            return 1 / ops.sum(ops.exp(maps - peak[:, None, None]), (1, 2))
        return ops.sigmoid(peak) if self.activation == "sigmoid" else ops.clip(peak, 0.0, 1.0)

    def _resized(self, maps):
        _, height, width, _ = maps.shape
        down, right = (_resizing(side, self.stride) for side in (height, width))
        return ops.einsum("yh,xw,bhwn->byxn", down, right, maps)

    def compute_output_spec(self, maps):
        batch, _, _, count = maps.shape
        return keras.KerasTensor((batch, count, 2), "float32"), keras.KerasTensor((batch, count), "float32")

    def get_config(self):
        return super().get_config() | {
            "stride": self.stride,
            "decode": self.decode,
            "activation": self.activation,
        }


def _highest(maps):
    """Maximum of each map, `(B, N)`, with row and column of the first pixel that has this value."""
    _, height, width, count = maps.shape
    flat = ops.reshape(maps, (-1, height * width, count))
    peak = ops.max(flat, 1)
    # Without argmax, which exporters translate wrongly.
    order = ops.convert_to_tensor(np.arange(height * width, dtype="int32")[:, None])
    first = ops.min(ops.where(flat >= peak[:, None], order, height * width - 1), 1)
    return peak, first // width, first % width


def _near(maps, row, column, dy: int, dx: int):
    """Values `(B, N)` at pixels moved by (dy, dx); positions outside the map take the nearest border pixel."""
    _, height, width, count = maps.shape
    row, column = ops.clip(row + dy, 0, height - 1), ops.clip(column + dx, 0, width - 1)
    first = ops.arange(ops.shape(maps)[0], dtype="int32")[:, None] * height
    place = ((first + row) * width + column) * count + ops.convert_to_tensor(np.arange(count, dtype="int32"))
    return take_rows(ops.reshape(maps, (-1,)), place)


def _resizing(side: int, factor: int) -> np.ndarray:
    """Matrix `(factor * side, side)` of a bilinear upsampling of one axis with a repeated border, as in OpenCV."""
    place = np.clip((np.arange(factor * side) + 0.5) / factor - 0.5, 0, side - 1)
    low = np.minimum(np.floor(place).astype(int), side - 2)
    matrix = np.zeros((factor * side, side), "float32")
    rows = np.arange(factor * side)
    matrix[rows, low] = 1 - (place - low)
    matrix[rows, low + 1] = place - low
    return matrix
