"""Residual block of two graph convolutions."""

import keras

from kerasalign.layers.graph_convolution import GraphConvolution


@keras.saving.register_keras_serializable(package="kerasalign")
class GraphResBlock(keras.layers.Layer):
    """`H + g(g(H, A), A)` with graph convolutions g that keep the size of the nodes; no ReLU after the sum.

    Call arguments:
        nodes: `(B, N, D)`.
        adjacency: `(B, N, N)`, rows sum to 1.
        training: Whether the normalization uses the batch's statistics.

    Input shape:
        `(B, N, D)` and `(B, N, N)`.

    Output shape:
        `(B, N, D)`.

    Example:

        adjacency = np.eye(5, dtype="float32")[None]
        out = GraphResBlock()(np.ones((1, 5, 16), "float32"), adjacency)      # (1, 5, 16)

    Reference: arXiv 2006.11697, equation 7.
    """

    def build(self, nodes_shape, adjacency_shape):
        self.first = GraphConvolution(nodes_shape[-1], dtype=self.dtype_policy, name="first")
        self.second = GraphConvolution(nodes_shape[-1], dtype=self.dtype_policy, name="second")
        self.first.build(nodes_shape, adjacency_shape)
        self.second.build(nodes_shape, adjacency_shape)

    def call(self, nodes, adjacency, training=None):
        inner = self.first(nodes, adjacency, training=training)
        return nodes + self.second(inner, adjacency, training=training)

    def compute_output_shape(self, nodes_shape, adjacency_shape):
        return tuple(nodes_shape)
