"""Edge weights of a fixed graph, predicted from feature maps."""

import keras
import numpy as np
from keras import ops

from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.support.checks import one_of

STATIC = ("symmetric", "row", "ones")


@keras.saving.register_keras_serializable(package="kerasalign")
class DynamicAdjacency(keras.layers.Layer):
    """Predicts the edge weights of a graph by two dense layers over averaged features; each node's weights sum to 1.

    Without prediction, the ablation "w/o DW", edges have fixed weights M of one of three kinds.

    Args:
        graph: `(N, N)` booleans or numbers; non-zero at (i, j) where an edge leads from node j to node i. Every row
            needs an edge.
        dynamic: Whether each input weighs the edges; `False` learns nothing.
        static: Weights of the edges with `dynamic=False`: `"symmetric"`, `D^-1/2 M D^-1/2` with the nodes' degrees D
            (equation 3); `"row"`, `D^-1 M`, so that the weights of a node sum to 1; or `"ones"`, M itself, which the
            released code multiplies by.

    Call arguments:
        features: `(B, H, W, C)`.
        training: Whether the normalization uses the batch's statistics.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, N, N)`, float32; 0 where the graph has no edge.

    Raises:
        ValueError: If the graph is not square, a node has no edge, or `static` is unknown.

    Example:

        adjacency = DynamicAdjacency(np.eye(5))(np.ones((1, 8, 8, 20), "float32"))      # (1, 5, 5)

    Reference: arXiv 2006.11697, section 3.3. Linear, ReLU, normalization, linear is the order of the released code.
    The released layer multiplies by the transpose, so that columns sum to 1; equation 6 has rows, and so has this.
    """

    def __init__(self, graph, dynamic: bool = True, static: str = "symmetric", **kwargs):
        super().__init__(**kwargs)
        one_of("static", static, STATIC)
        graph = np.asarray(graph) != 0
        if graph.ndim != 2 or graph.shape[0] != graph.shape[1] or not graph.any(1).all():
            raise ValueError(f"`graph` must be (N, N) with an edge in every row. Received: shape {graph.shape}")
        self.graph = graph
        self.dynamic = dynamic
        self.static = static
        # Index of the logit of each cell; the last logit stands for no edge. Not every runtime has a scatter.
        self._cells = np.where(graph.ravel(), np.cumsum(graph.ravel()) - 1, graph.sum()).astype("int32")

    @property
    def edges(self) -> int:
        """Number of weighted edges, those from a node to itself included."""
        return int(self.graph.sum())

    def build(self, features_shape):
        if not self.dynamic:
            return
        channels = features_shape[-1]
        self.hidden = keras.layers.Dense(channels // 2, activation="relu", dtype=self.dtype_policy, name="hidden")
        self.norm = FusedBatchNormalization(dtype=self.dtype_policy, name="norm")
        self.weigh = keras.layers.Dense(self.edges, dtype=self.dtype_policy, name="weigh")
        self.hidden.build((None, channels))
        self.norm.build((None, channels // 2))
        self.weigh.build((None, channels // 2))

    def call(self, features, training=None):
        count = len(self.graph)
        if not self.dynamic:
            weights = ops.convert_to_tensor(self._fixed())
            return ops.broadcast_to(weights, (ops.shape(features)[0], count, count))
        x = self.norm(self.hidden(ops.mean(features, (1, 2))), training=training)
        logits = ops.cast(self.weigh(x), "float32")
        fill = ops.full_like(logits[:, :1], -1e9)
        cells = ops.take(ops.concatenate([logits, fill], 1), self._cells, axis=1)
        return ops.softmax(ops.reshape(cells, (-1, count, count)), -1)

    def _fixed(self) -> np.ndarray:
        degree = self.graph.sum(1).astype("float64")
        scale = {"symmetric": np.outer(degree, degree) ** 0.5, "row": degree[:, None], "ones": 1.0}[self.static]
        return (self.graph / scale)[None].astype("float32")

    def compute_output_spec(self, features, training=None):
        return keras.KerasTensor((features.shape[0], *self.graph.shape), "float32")

    def save_own_variables(self, store):
        """Keeps the graph beside the weights, which mean nothing on another one of as many edges."""
        super().save_own_variables(store)
        store["graph"] = np.argwhere(self.graph).astype("int32")

    def load_own_variables(self, store):
        """Refuses weights of another graph.

        Raises:
            ValueError: If the file's graph is another.
        """
        if "graph" in set(store.keys()) and not np.array_equal(store["graph"], np.argwhere(self.graph)):
            raise ValueError(
                "The weights belong to another graph than the network's: build it with the `graph` in the "
                "config or run card that they came with. "
                f"Received: {len(store['graph'])} edges for a graph of {self.edges}"
            )

    def get_config(self):
        return super().get_config() | {
            "graph": self.graph.astype(int).tolist(),
            "dynamic": self.dynamic,
            "static": self.static,
        }
