"""Attention over patches by a dense layer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class GlobalPatchAttention(keras.layers.Layer):
    """Weights every patch by the sigmoid of a dense layer over the mean features of all patches.

    Args:
        kernel_initializer: Initializer of the dense kernel.

    Call arguments:
        features: `(B, P, F)`.

    Input shape:
        `(B, P, F)`.

    Output shape:
        `(B, P, F)` and `(B, P)`.

    Returns:
        The weighted features, and each patch's weight in 0..1.

    Example:

        weighted, weight = GlobalPatchAttention()(np.ones((2, 19, 256), "float32"))

    Reference: "Knowing When to Quit" (arXiv 2108.00377), section 5, "global attention with FC". The paper says
    no more than that; the design is this library's: squeeze-and-excitation (arXiv 1709.01507) over patches
    instead of channels, in one layer.
    """

    def __init__(self, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        patches = input_shape[1]
        self.kernel = self.add_weight(shape=(patches, patches), initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=(patches,), initializer="zeros", name="bias")

    def call(self, features):
        weight = ops.sigmoid(ops.matmul(ops.mean(features, -1), self.kernel) + self.bias)
        return features * weight[..., None], weight

    def count_macs(self, features):
        """Multiply-adds of one call: with the kernel, and of the weights with the features."""
        batch, patches, size = features
        return batch * patches * (patches + size)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape), tuple(input_shape[:2])

    def get_config(self):
        return super().get_config() | {"kernel_initializer": keras.initializers.serialize(self.kernel_initializer)}
