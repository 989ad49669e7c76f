"""Spatial transformer: a small network predicts a transform of the image and resamples it."""

import keras
from keras import ops

from kerasalign.layers.affine_sampler import AffineSampler
from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.support.checks import at_least, one_of

MODES = {"rotation": 1, "similarity": 4, "affine": 6}
_MOVE = 0.2
_TURN = 0.5


@keras.saving.register_keras_serializable(package="kerasalign")
class SpatialTransformer(keras.layers.Layer):
    """Predicts an affine transform of each image about its center and resamples the image by it.

    The network is a 7x7 convolution with stride 2, a 3x3 convolution, pooling, a dense layer with tanh, and a dense
    layer for the transform. The transform is bounded: rotation by 0.5 rad either way, scale by a fifth, shift by a
    tenth of the image's side; `"affine"` changes every entry of the linear part by up to 0.5.

    Args:
        mode: `"rotation"`, as in SDU's released code, `"similarity"`, as in its paper, or `"affine"`.
        filters: Channels of the first convolution; the second and the dense layer have twice as many.
        epsilon: Added to the variances of the normalizations.

    Call arguments:
        images: `(B, H, W, C)`; H and W known and divisible by 4.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, C)` and `(B, 2, 3)`.

    Returns:
        The resampled images, 0 outside the input, and float32 matrices from their pixels to pixels of the input, x then
        y. Initially the matrices are nearly the identity.

    Raises:
        ValueError: If an argument is out of range.

    Example:

        upright, matrix = SpatialTransformer()(np.ones((1, 128, 128, 3), "float32"))

    Reference: Jaderberg et al., "Spatial Transformer Networks" (arXiv 1506.02025); SDU (arXiv 1812.01936), table 1.
    """

    def __init__(self, mode: str = "similarity", filters: int = 64, epsilon: float = 2e-5, **kwargs):
        super().__init__(**kwargs)
        one_of("mode", mode, MODES)
        at_least(1, filters=filters)
        self.mode = mode
        self.filters = filters
        self.epsilon = epsilon

    def build(self, input_shape):
        _, height, width, _ = input_shape
        if not height or not width or height % 4 or width % 4:
            raise ValueError(f"SpatialTransformer needs sides divisible by 4. Received: input_shape={input_shape}")
        first, second = self.filters, 2 * self.filters
        options = {"epsilon": self.epsilon, "dtype": self.dtype_policy}
        self.conv1 = ConvNorm(first, 7, strides=2, name="conv1", **options)
        self.conv2 = ConvNorm(second, 3, name="conv2", **options)
        self.dense = keras.layers.Dense(second, "tanh", dtype=self.dtype_policy, name="dense")
        # Positions need more digits than a half has.
        self.theta = keras.layers.Dense(
            MODES[self.mode],
            "tanh",
            kernel_initializer="zeros",
            bias_initializer=keras.initializers.RandomNormal(stddev=0.01),
            dtype="float32",
            name="theta",
        )
        self.sample = AffineSampler(dtype=self.dtype_policy, name="sample")
        self.conv1.build(input_shape)
        self.conv2.build((None, height // 2, width // 2, first))
        self.dense.build((None, height // 4 * (width // 4) * second))
        self.theta.build((None, second))

    def call(self, images, training=None):
        x = self.conv2(self.conv1(images, training=training), training=training)
        x = ops.max_pool(x, 2, 2)
        x = self.dense(ops.reshape(x, (-1, x.shape[1] * x.shape[2] * x.shape[3])))
        matrix = self._matrix(self.theta(x), *images.shape[1:3])
        return self.sample(images, matrix), matrix

    def _matrix(self, theta, height: int, width: int):
        """`(B, 2, 3)` matrices in pixels from the outputs of tanh."""
        part = [theta[:, k] for k in range(theta.shape[-1])]
        zero = ops.zeros_like(part[0])
        x, y = zero, zero
        if self.mode == "affine":
            a, b, c, d = 1 + _TURN * part[0], _TURN * part[1], _TURN * part[2], 1 + _TURN * part[3]
            x, y = part[4:]
        else:
            cosine, sine = ops.cos(_TURN * part[0]), ops.sin(_TURN * part[0])
            if self.mode == "similarity":
                cosine, sine = cosine * (1 + _MOVE * part[1]), sine * (1 + _MOVE * part[1])
                x, y = part[2:]
            a, b, c, d = cosine, -sine, sine, cosine
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        x = middle_x * (1 + _MOVE * x) - a * middle_x - b * middle_y
        y = middle_y * (1 + _MOVE * y) - c * middle_x - d * middle_y
        return ops.reshape(ops.stack([a, b, x, c, d, y], -1), (-1, 2, 3))

    def compute_output_spec(self, images, training=None):
        warped = keras.KerasTensor(images.shape, self.compute_dtype)
        return warped, keras.KerasTensor((images.shape[0], 2, 3), "float32")

    def get_config(self):
        return super().get_config() | {"mode": self.mode, "filters": self.filters, "epsilon": self.epsilon}
