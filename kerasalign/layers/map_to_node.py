"""Feature maps as nodes of a graph."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class MapToNode(keras.layers.Layer):
    """Gives each node its own maps: channels `n i .. n i + n - 1` become the features of node i.

    Args:
        nodes: Number of nodes N.

    Call arguments:
        maps: `(B, H, W, n N)`.

    Input shape:
        `(B, H, W, n N)`.

    Output shape:
        `(B, N, n H W)`.

    Raises:
        ValueError: If N does not divide the channels.

    Example:

        nodes = MapToNode(5)(np.ones((1, 8, 8, 20), "float32"))      # (1, 5, 256)

    Reference: arXiv 2006.11697, section 3.2, map-to-node.
    """

    def __init__(self, nodes: int, **kwargs):
        super().__init__(**kwargs)
        self.nodes = nodes

    def build(self, input_shape):
        if input_shape[-1] % self.nodes:
            raise ValueError(f"`nodes` must divide the channels, {input_shape[-1]}. Received: nodes={self.nodes}")

    def call(self, maps):
        # Channels first: a plain reshape would mix the nodes.
        _, height, width, channels = maps.shape
        flat = ops.transpose(ops.reshape(maps, (-1, height * width, channels)), (0, 2, 1))
        return ops.reshape(flat, (-1, self.nodes, channels // self.nodes * height * width))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, self.nodes, channels // self.nodes * height * width

    def get_config(self):
        return super().get_config() | {"nodes": self.nodes}
