"""Per-image standardisation that knows what is not part of the photo."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class ImageStandardisation(keras.layers.Layer):
    """Subtracts each image's mean and divides by its standard deviation, over all pixels and channels.

    Pixels that are exactly (0, 0, 0) lie outside the photo (see `kerasalign.geometry.warp`): they do not
    count, and are 0 in the result, which is the mean of the image.

    Args:
        epsilon: Smallest standard deviation, in grey levels.

    Call arguments:
        images: `(B, H, W, C)`, `uint8` or float in 0..255; H and W must be known.

    Input shape: `(B, H, W, C)`. Output shape: the same, in the layer's compute dtype.

    Example:

        crops = np.random.randint(0, 256, (2, 228, 228, 3), "uint8")
        ImageStandardisation()(crops)        # mean 0, standard deviation 1 per crop

    Reference: "Knowing When to Quit" (arXiv 2108.00377), authors' pipeline: `(x - mean) / std` per image.
    """

    def __init__(self, epsilon: float = 1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if not epsilon > 0:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def call(self, images):
        # Sums of 156,000 pixels need float32 whatever the compute dtype is.
        x = ops.cast(images, "float32")
        _, height, width, channels = x.shape
        # A product with ones gives every channel the pixel's sum: flat, equal shapes are quick everywhere.
        total = ops.matmul(ops.reshape(x, (-1, channels)), ops.ones((channels, channels)))
        inside = ops.cast(ops.reshape(total, (-1, height * width * channels)) > 0, "float32")
        x = ops.reshape(x, (-1, height * width * channels))
        count = ops.maximum(ops.sum(inside, axis=1, keepdims=True), 1.0)
        mean = ops.sum(x, axis=1, keepdims=True) / count
        centred = (x - mean) * inside
        variance = ops.sum(ops.square(centred), axis=1, keepdims=True) / count
        standard = centred / ops.maximum(ops.sqrt(variance), self.epsilon)
        return ops.cast(ops.reshape(standard, (-1, height, width, channels)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def compute_output_spec(self, images):
        return keras.KerasTensor(images.shape, dtype=self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
