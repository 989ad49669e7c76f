"""Attention over the features of a patch."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class LocalPatchAttention(keras.layers.Layer):
    """Weights every component of a feature vector by the sigmoid of a dense layer over the same vector.

    The weights are shared by all patches.

    Args:
        kernel_initializer: Initializer of the dense kernel.

    Call arguments:
        features: `(..., F)`.

    Input shape:
        `(..., F)`.

    Output shape:
        two tensors of the input's shape.

    Returns:
        The weighted features, and the attention in 0..1.

    Example:

        weighted, attention = LocalPatchAttention()(np.ones((2, 19, 256), "float32"))

    Reference: "Knowing When to Quit" (arXiv 2108.00377), section 3.1, local patch attention.
    """

    def __init__(self, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        features = input_shape[-1]
        self.kernel = self.add_weight(shape=(features, features), initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=(features,), initializer="zeros", name="bias")

    def call(self, features):
        attention = ops.sigmoid(ops.matmul(features, self.kernel) + self.bias)
        return features * attention, attention

    def count_macs(self, features):
        """Multiply-adds of one call: with the kernel, and of the weights with the features."""
        return math.prod(features) * (features[-1] + 1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape), tuple(input_shape)

    def get_config(self):
        return super().get_config() | {"kernel_initializer": keras.initializers.serialize(self.kernel_initializer)}
