"""Image pyramid: Gaussian blur, then bilinear halving."""

import keras
import numpy as np
from keras import ops


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


@keras.saving.register_keras_serializable(package="kerasalign")
class GaussianPyramid(keras.layers.Layer):
    """Halves images again and again.

    Args:
        levels: Number of levels, the input among them.
        sigma: Standard deviation of the blur before each halving, in pixels of the finer level.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.

    Input shape: `(B, H, W, C)`. Output shape: list of `levels` shapes, finest first, each
    `(B, ceil(H / 2^l), ceil(W / 2^l), C)`.

    Returns:
        List of tensors, finest first; the first is the input.

    Raises:
        ValueError: If `levels` is below 1, or the image size is unknown.

    Example:

        fine, middle, coarse = GaussianPyramid(3)(np.zeros((1, 228, 228, 3), "float32"))

    Reference: the pyramid of menpo, which MuSiCa's authors use: sigma = 2/3, reflected borders, bilinear.
    """

    def __init__(self, levels: int = 3, sigma: float = 2 / 3, **kwargs):
        super().__init__(**kwargs)
        if levels < 1:
            raise ValueError(f"`levels` must be at least 1. Received: levels={levels}")
        self.levels = levels
        self.sigma = sigma

    def call(self, images):
        levels = [images]
        for _ in range(self.levels - 1):
            levels.append(self._halve(levels[-1]))
        return levels

    def _halve(self, images):
        _, height, width, channels = images.shape
        if height is None or width is None:
            raise ValueError(f"Image height and width must be known. Received: shape={tuple(images.shape)}")
        down = ops.convert_to_tensor(halving_matrix(height, self.sigma), images.dtype)
        across = ops.convert_to_tensor(halving_matrix(width, self.sigma).T, images.dtype)
        rows = down.shape[0]
        # Two matrix products: no padding mode or depthwise convolution, which not every runtime has.
        x = ops.matmul(down, ops.reshape(images, (-1, height, width * channels)))
        x = ops.transpose(ops.reshape(x, (-1, rows, width, channels)), (0, 1, 3, 2))
        x = ops.matmul(ops.reshape(x, (-1, width)), across)
        return ops.transpose(ops.reshape(x, (-1, rows, channels, across.shape[1])), (0, 1, 3, 2))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        shapes = [tuple(input_shape)]
        for _ in range(self.levels - 1):
            height, width = -(-height // 2), -(-width // 2)
            shapes.append((batch, height, width, channels))
        return shapes

    def get_config(self):
        return super().get_config() | {"levels": self.levels, "sigma": self.sigma}
