"""Which points are visible."""

import keras
from keras import ops

from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class VisibilityHead(keras.layers.Layer):
    """Probability that each point is visible, from its features.

    All points share one hidden layer and one output; each has biases of its own in both.

    Args:
        units: Width of the hidden layer.

    Call arguments:
        features: `(B, N, C)`.

    Input shape:
        `(B, N, C)`.

    Output shape:
        `(B, N)`.

    Returns:
        Probabilities in 0..1, float32; a half before any training.

    Raises:
        ValueError: If `units` is below 1.

    Example:

        confidence = VisibilityHead()(np.ones((1, 68, 160), "float32"))
    """

    def __init__(self, units: int = 128, **kwargs):
        super().__init__(**kwargs)
        at_least(1, units=units)
        self.units = units

    def build(self, input_shape):
        _, points, channels = input_shape
        self.kernel = self.add_weight(shape=(channels, self.units), initializer="he_normal", name="kernel")
        # Points last, as in the weights of other heads: own points take the columns of those near them.
        self.bias = self.add_weight(shape=(self.units, points), initializer="zeros", name="bias")
        self.output_kernel = self.add_weight(shape=(self.units, 1), initializer="zeros", name="output_kernel")
        self.output_bias = self.add_weight(shape=(points,), initializer="zeros", name="output_bias")

    def logits(self, features):
        """The logits `(B, N)` of the probabilities, float32."""
        hidden = ops.relu(ops.matmul(features, self.kernel) + ops.transpose(self.bias))
        # Rounding to half precision would leave steps in the probabilities.
        hidden, kernel = ops.cast(hidden, "float32"), ops.cast(self.output_kernel, "float32")
        return ops.squeeze(ops.matmul(hidden, kernel), -1) + ops.cast(self.output_bias, "float32")

    def call(self, features):
        return ops.sigmoid(self.logits(features))

    def compute_output_spec(self, features):
        return keras.KerasTensor(features.shape[:2], "float32")

    def get_config(self):
        return super().get_config() | {"units": self.units}
