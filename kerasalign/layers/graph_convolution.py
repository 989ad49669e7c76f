"""Graph convolution by a weighted adjacency."""

import keras
from keras import ops

from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class GraphConvolution(keras.layers.Layer):
    """`relu(norm(A (H W) + b))`: every node becomes a weighted mean of its neighbors' features.

    Args:
        units: Size of a node's output.
        activation: Whether batch normalization and ReLU follow.
        bias_initializer: Initializer of b; by default uniform in +-1 / sqrt(units).

    Call arguments:
        nodes: `(B, N, D)`.
        adjacency: `(B, N, N)` weights; row i holds the weights of the edges to node i. In SCC rows sum to 1.
        training: Whether the normalization uses the batch's statistics.

    Input shape:
        `(B, N, D)` and `(B, N, N)`.

    Output shape:
        `(B, N, units)`.

    Raises:
        ValueError: If `units` is below 1.

    Example:

        moved = GraphConvolution(128)(nodes, adjacency)

    Reference: Zhu et al., "Structure Coherence Component for Face Alignment" (arXiv 2006.11697), equation 6.
    The normalization's statistics are over batch and nodes.
    """

    def __init__(self, units: int, activation: bool = True, bias_initializer=None, **kwargs):
        super().__init__(**kwargs)
        at_least(1, units=units)
        self.units = units
        self.activation = activation
        limit = units**-0.5
        uniform = keras.initializers.RandomUniform(-limit, limit)
        self.bias_initializer = uniform if bias_initializer is None else keras.initializers.get(bias_initializer)

    def build(self, nodes_shape, adjacency_shape):
        # Glorot with a gain of sqrt 2.
        self.kernel = self.add_weight(
            shape=(nodes_shape[-1], self.units),
            name="kernel",
            initializer=keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform"),
        )
        self.bias = self.add_weight(shape=(self.units,), name="bias", initializer=self.bias_initializer)
        if self.activation:
            self.norm = FusedBatchNormalization(dtype=self.dtype_policy, name="norm")
            self.norm.build((None, nodes_shape[1], 1, self.units))

    def call(self, nodes, adjacency, training=None):
        count, size = nodes.shape[1:]
        # The kernel acts on a matrix of all nodes: one product, where a stack of them would be many small ones.
        out = ops.reshape(ops.matmul(ops.reshape(nodes, (-1, size)), self.kernel), (-1, count, self.units))
        out = ops.matmul(adjacency, out) + self.bias
        if not self.activation:
            return out
        # Laid out as an image, which is normalized in one pass.
        return ops.relu(self.norm(out[:, :, None], training=training)[:, :, 0])

    def count_macs(self, nodes, adjacency):
        """Products of one call; the adjacency is multiplied as a full matrix."""
        batch, count, size = nodes
        return batch * count * (size * self.units + count * self.units)

    def compute_output_shape(self, nodes_shape, adjacency_shape):
        return (*nodes_shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "activation": self.activation,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }
