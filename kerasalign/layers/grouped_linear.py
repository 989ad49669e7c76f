"""Grouped linear layer."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class GroupedLinear(keras.layers.Layer):
    """Splits the features into groups, multiplies each by a matrix of its own, and shuffles the results.

    It is one batched matrix product for any number of groups. With one group it is a dense layer.

    Args:
        units: Number of output features, divisible by `groups`.
        groups: Number of groups g.
        shuffle: Whether output j of group i becomes feature j g + i instead of i units / g + j.

    Call arguments:
        tokens: `(B, T, F)`, F divisible by `groups`.

    Input shape:
        `(B, T, F)`.

    Output shape:
        `(B, T, units)`.

    Raises:
        ValueError: If `units`, `groups` or F do not fit each other.

    Example:

        out = GroupedLinear(256, groups=4)(np.ones((1, 98, 128), "float32"))      # (1, 98, 256)

    Reference: Mehta et al., "DeLighT" (arXiv 2008.00623), section 3.1: grouped linear transformation and
    feature shuffle.
    """

    def __init__(self, units: int, groups: int = 1, shuffle: bool = True, **kwargs):
        super().__init__(**kwargs)
        if groups < 1 or units < 1 or units % groups:
            raise ValueError(
                f"`units` must be a positive multiple of `groups`. Received: units={units}, groups={groups}"
            )
        self.units = units
        self.groups = groups
        self.shuffle = shuffle

    def build(self, input_shape):
        features = input_shape[-1]
        if features % self.groups:
            raise ValueError(
                f"GroupedLinear of {self.groups} groups needs features divisible by that. "
                f"Received: input_shape={input_shape}"
            )
        given, made = features // self.groups, self.units // self.groups
        # Glorot's rule for one group: Keras' own would take the groups for a window.
        limit = math.sqrt(6 / (given + made))
        self.kernel = self.add_weight(
            shape=(self.groups, given, made),
            name="kernel",
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.bias = self.add_weight(shape=(self.groups, made), initializer="zeros", name="bias")

    def call(self, tokens):
        _, count, features = tokens.shape
        out = ops.reshape(tokens, (-1, count, self.groups, features // self.groups))
        out = ops.matmul(ops.transpose(out, (0, 2, 1, 3)), self.kernel) + self.bias[:, None]
        order = (0, 2, 3, 1) if self.shuffle else (0, 2, 1, 3)
        return ops.reshape(ops.transpose(out, order), (-1, count, self.units))

    def count_macs(self, tokens):
        """Products of one call."""
        return math.prod(tokens) * self.units // self.groups

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {"units": self.units, "groups": self.groups, "shuffle": self.shuffle}
