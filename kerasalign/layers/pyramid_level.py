"""A coarser level of an image pyramid, computed in one step."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.photo_statistics import inside_photo
from kerasalign.support.checks import at_least


def halving_matrix(size: int, sigma: float = 2 / 3) -> np.ndarray:
    """One axis of a pyramid step as a `(ceil(size / 2), size)` matrix.

    Gaussian of `sigma` pixels (cut at four sigma, borders reflected with the edge pixel repeated), then
    bilinear resampling at half the size: output pixel k looks at input coordinate 2k + 0.5.
    """
    radius = int(4 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    rows = -(-size // 2)
    matrix = np.zeros((rows, size))
    for row in range(rows):
        for sample in (2 * row, min(2 * row + 1, size - 1)):
            position = (sample + offsets) % (2 * size)
            position = np.where(position >= size, 2 * size - 1 - position, position)
            np.add.at(matrix[row], position, kernel / 2)
    return matrix


def reduction_matrix(size: int, level: int, sigma: float = 2 / 3) -> np.ndarray:
    """`level` pyramid steps along one axis as one matrix."""
    matrix = np.eye(size)
    for _ in range(level):
        matrix = halving_matrix(len(matrix), sigma) @ matrix
    return matrix


def banded_product(matrix: np.ndarray, x):
    """`matrix @ x` of a banded `(rows, size)` matrix and `(B, size, K)`, computed window by window."""
    blocks, places = _windows(matrix)
    x = ops.reshape(ops.take(x, places.ravel(), axis=1), (-1, *places.shape, x.shape[-1]))
    return ops.reshape(ops.matmul(blocks, x), (-1, len(matrix), x.shape[-1]))


def banded_product_across(x, matrix: np.ndarray):
    """`x @ matrix.T` of `(M, size)` and a banded matrix, computed window by window."""
    parts = [ops.matmul(x[:, places[0] : places[-1] + 1], block.T) for block, places in zip(*_windows(matrix))]
    return ops.concatenate(parts, 1) if len(parts) > 1 else parts[0]


def _windows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of a matrix' rows, `(windows, rows / windows, length)`, and which of its columns they hold."""
    rows, size = matrix.shape
    blocks = matrix.reshape(max(count for count in range(1, 7) if rows % count == 0), -1, size)
    used = np.asarray(blocks.any(1))
    first, last = used.argmax(1), size - used[:, ::-1].argmax(1)
    length = (last - first).max()
    places = np.minimum(first, size - length)[:, None] + np.arange(length)
    return np.stack([block[:, columns] for block, columns in zip(blocks, places)]), places


@keras.saving.register_keras_serializable(package="kerasalign")
class PyramidLevel(keras.layers.Layer):
    """Level l of the Gaussian pyramid of standardized crops, computed from the crops or from a finer level.

    The result equals standardization, followed by l steps of blurring and halving. All of this is linear, so the layer
    never standardizes the full-size crop and skips the levels in between.

    Args:
        level: Number of halvings, at least 1, counted from the level of the input.
        sigma: Standard deviation of the blur before each halving, in pixels of the finer level.

    Call arguments:
        images: `(B, H, W, C)`, `uint8` or float in 0..255, or a level of the pyramid; H and W must be known.
        mean: `(B, 1)` from `PhotoStatistics`; `None` where `images` is a level, which is standardized already.
        scale: `(B, 1)`, likewise.

    Input shape:
        `(B, H, W, C)`, `(B, 1)` and `(B, 1)`, or the first alone.

    Output shape:
        `(B, ceil(H / 2^l), ceil(W / 2^l), C)`.

    Raises:
        ValueError: If `level` is below 1.

    Example:

        fine = PyramidLevel(1)(crops, *PhotoStatistics()(crops))        # (B, 114, 114, 3) from 228 px
        coarse = PyramidLevel(1)(fine)                                  # (B, 57, 57, 3)

    Reference: the pyramid of menpo, which MuSiCa's authors use: sigma = 2/3, reflected borders, bilinear.
    """

    def __init__(self, level: int, sigma: float = 2 / 3, **kwargs):
        super().__init__(autocast=False, **kwargs)
        at_least(1, level=level)
        self.level = level
        self.sigma = sigma

    def call(self, images, mean=None, scale=None):
        x = ops.cast(images, "float32")
        if mean is None:
            return ops.cast(self._reduce(x), self.compute_dtype)
        inside = self._reduce(inside_photo(x))
        mean, scale = (ops.reshape(v, (-1, 1, 1, 1)) for v in (mean, scale))
        return ops.cast((self._reduce(x) - mean * inside) * scale, self.compute_dtype)

    def _reduce(self, x):
        _, height, width, channels = x.shape
        down = reduction_matrix(height, self.level, self.sigma).astype("float32")
        across = reduction_matrix(width, self.level, self.sigma).astype("float32")
        rows, columns = len(down), len(across)
        # Matrix products: no padding mode or depthwise convolution, which not every runtime has.
        x = banded_product(down, ops.reshape(x, (-1, height, width * channels)))
        x = ops.transpose(ops.reshape(x, (-1, rows, width, channels)), (0, 1, 3, 2))
        x = banded_product_across(ops.reshape(x, (-1, width)), across)
        return ops.transpose(ops.reshape(x, (-1, rows, channels, columns)), (0, 1, 3, 2))

    def compute_output_spec(self, images, mean=None, scale=None):
        batch, height, width, channels = images.shape
        factor = 2**self.level
        return keras.KerasTensor((batch, -(-height // factor), -(-width // factor), channels), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"level": self.level, "sigma": self.sigma}
