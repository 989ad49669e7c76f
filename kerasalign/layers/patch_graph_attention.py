"""Attention over patches by graph convolutions."""

import keras
import numpy as np
from keras import ops

from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class PatchGraphAttention(keras.layers.Layer):
    """Weights every patch by the sigmoid of two graph convolutions over the features of all patches.

    The graph is fixed: edges in both directions join a patch and its nearest neighbors. With the normalized
    adjacency `A = D^-1/2 (G + I) D^-1/2` the weights are `sigmoid(A relu(A X W0) W1)`.

    Args:
        points: `(P, 2)` positions of the patches, such as the mean shape; their scale does not matter.
        neighbors: Number of nearest patches that each patch is joined to; all patches if there are fewer.
        hidden: Number of features between the two convolutions.

    Call arguments:
        features: `(B, P, F)`.

    Input shape:
        `(B, P, F)`.

    Output shape:
        `(B, P, F)` and `(B, P)`.

    Returns:
        The weighted features, and each patch's weight in 0..1.

    Raises:
        ValueError: If `points` are not `(P, 2)` finite numbers, or `neighbors` or `hidden` is below 1.

    Example:

        weighted, weight = PatchGraphAttention(mean_shape)(np.ones((2, 68, 256), "float32"))

    Reference: "Knowing When to Quit" (arXiv 2108.00377), section 5, "global attention with GCN", which says no
    more; the convolution is Kipf and Welling's (arXiv 1609.02907, equation 9), the graph and the sizes are this
    library's choice.
    """

    def __init__(self, points, neighbors: int = 4, hidden: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.points = np.asarray(points, "float64")
        if self.points.ndim != 2 or self.points.shape[1] != 2 or not np.isfinite(self.points).all():
            raise ValueError(f"`points` must be (P, 2) finite numbers. Received: shape {self.points.shape}")
        at_least(1, neighbors=neighbors, hidden=hidden)
        self.neighbors = neighbors
        self.hidden = hidden
        self.adjacency = _normalized_adjacency(self.points, neighbors)

    def build(self, input_shape):
        glorot = {"initializer": "glorot_uniform"}
        self.first = self.add_weight(shape=(input_shape[-1], self.hidden), name="first", **glorot)
        self.second = self.add_weight(shape=(self.hidden, 1), name="second", **glorot)

    def call(self, features):
        patches, size = features.shape[1:]
        adjacency = ops.cast(ops.convert_to_tensor(self.adjacency), features.dtype)
        # Kernels act on a matrix of all patches: one product, where a stack of them would be many small ones.
        x = ops.matmul(ops.reshape(features, (-1, size)), self.first)
        x = ops.relu(ops.matmul(adjacency, ops.reshape(x, (-1, patches, self.hidden))))
        x = ops.matmul(ops.reshape(x, (-1, self.hidden)), self.second)
        weight = ops.sigmoid(ops.matmul(ops.reshape(x, (-1, patches)), adjacency))  # it is symmetric
        return features * weight[..., None], weight

    def count_macs(self, features):
        """Products of one call; the adjacency is multiplied as a full matrix, and so it is counted."""
        batch, patches, size = features
        hidden = self.hidden
        return batch * patches * (size * hidden + patches * hidden + hidden + patches + size)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape), tuple(input_shape[:2])

    def get_config(self):
        return super().get_config() | {
            "points": self.points.tolist(),
            "neighbors": self.neighbors,
            "hidden": self.hidden,
        }


def _normalized_adjacency(points: np.ndarray, neighbors: int) -> np.ndarray:
    """`(P, P)` float32, symmetric; of patches equally far the one listed first is the neighbor."""
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, : min(neighbors, len(points) - 1)]
    joined = np.eye(len(points), dtype=bool)
    np.put_along_axis(joined, nearest, True, axis=1)
    joined |= joined.T
    degree = joined.sum(1)
    return (joined / np.sqrt(np.outer(degree, degree))).astype("float32")
