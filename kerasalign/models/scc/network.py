"""SCC: structure coherence by a dynamic sparse graph of landmarks.

Paper: Zhu, Lin, Wang, Liao, Qian, "Fast and Accurate: Structure Coherence Component for Face Alignment",
https://arxiv.org/abs/2006.11697
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.point_axis import PointAxis
from kerasalign.layers import DynamicAdjacency, GraphConvolution, GraphResBlock, MapToNode, PhotoStatistics
from kerasalign.layers.photo_statistics import standardize
from kerasalign.losses import soft_wing, wing
from kerasalign.models.backbones import resnet34
from kerasalign.models.backbones.resnet34 import convolution
from kerasalign.models.scc.config import SCCConfig
from kerasalign.models.scc.fusion import fuse


@keras.saving.register_keras_serializable(package="kerasalign")
class SCC(LandmarkModel):
    """ResNet-34, semantic-guided fusion, and graph convolutions over landmarks with edge weights of each image.

    Pixels are standardized per crop and channel over the part that shows the photo. Landmarks start at the middle of
    the crop, where the released code starts them in its corner: Soft Wing pulls little from that far.

    Args:
        config: An `SCCConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels; with `head="graph"` also `adjacency` `(B, N, N)`, whose rows
        sum to 1 where each image weighs the edges.

    Raises:
        ValueError: If an argument is unknown or out of range, or the graph does not fit the markup.

    Example:

        model = SCC(markup="98")
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9))
        model.fit(crops, landmarks)

    Reference: arXiv 2006.11697.
    """

    config_class = SCCConfig
    config: SCCConfig

    @property
    def point_weights(self) -> dict[str, PointAxis | None]:
        """As in `LandmarkModel`: the maps of a node are those of the nearest old one, edges are new."""
        maps = PointAxis(per_point=self.config.maps_per_node)
        dense = PointAxis(per_point=2, linear=True, unit=1.0)
        return {"/adjacency/": None, "/nodes_maps_conv/": maps, "/nodes_maps_norm/": maps, "/fc_out/": dense}

    profile_blocks = ("backbone", "fusion", "nodes", "graph", "adjacency", "fc")

    def __init__(self, config: SCCConfig | None = None, *, name: str | None = None, **fields):
        config = SCCConfig.of(config, fields).resolved()

        # === Functional model ===
        crops = keras.Input((config.size, config.size, 3), name="crops")
        mean, scale = PhotoStatistics(per_channel=True, name="statistics", dtype=config.dtype)(crops)
        pyramid = resnet34(standardize(crops, mean, scale), config.width, config.blocks, config.dtype)
        if config.head == "fc":
            outputs = {"landmarks": _dense_head(pyramid[-1], config)}
        else:
            landmarks, adjacency = _graph_head(dict(enumerate(pyramid, 1)), config)
            outputs = {"landmarks": landmarks, "adjacency": adjacency}
        super().__init__(inputs=crops, outputs=outputs, name=name)

        # === Config ===
        self.config = config

    @property
    def graph(self) -> np.ndarray:
        """`(N, N)` bool: row i marks the nodes that landmark i takes from."""
        return np.asarray(self.config.graph) != 0

    def face_loss(self, landmarks, outputs):
        """Mean of the loss over the known coordinates of each face (equation 9)."""
        known = ops.logical_not(ops.isnan(landmarks))
        error = outputs["landmarks"] - ops.where(known, landmarks, outputs["landmarks"])
        config = self.config
        if config.loss == "soft_wing":
            losses = soft_wing(error, config.linear, config.wing_width, config.curvature)
        elif config.loss == "wing":
            losses = wing(error, config.wing_width, config.curvature)
        else:
            losses = ops.abs(error)
        weight = ops.cast(known, losses.dtype)
        return ops.sum(losses * weight, (1, 2)) / ops.maximum(ops.sum(weight, (1, 2)), 1.0)

    def predict_adjacency(self, crops) -> np.ndarray:
        """Edge weights `(B, N, N)` of crops `(B, S, S, 3)`. Row i weighs the neighbors of landmark i.

        It sums to 1 where each image weighs the edges.

        Raises:
            ValueError: If the head is not a graph.
        """
        if self.config.head == "fc":
            raise ValueError("A network without a graph has no adjacency. Received: head='fc'")
        return self.predict_crops(crops)["adjacency"]


def _middle(config: SCCConfig) -> Any:
    """Initial bias of coordinates: the middle of the crop."""
    return keras.initializers.Constant((config.size - 1) / 2)


def _dense_head(features, config: SCCConfig):
    """Landmarks `(B, N, 2)` by two dense layers: the paper's baseline."""
    x = layers.Flatten(name="fc_flatten", dtype=config.dtype)(features)
    x = layers.Dense(4 * config.width, activation="relu", name="fc_hidden", dtype=config.dtype)(x)
    x = layers.Dense(2 * config.num_points, bias_initializer=_middle(config), name="fc_out", dtype="float32")(x)
    return ops.reshape(x, (-1, config.num_points, 2))


def _graph_head(maps: dict, config: SCCConfig):
    """Landmarks `(B, N, 2)` by graph convolutions, and the edge weights `(B, N, N)`.

    Args:
        maps: Level of the backbone to its maps.
        config: A resolved config.
    """
    points, width, dtype = config.num_points, config.width, config.dtype
    if set(config.levels) == {5}:
        x = convolution(maps[5], 4 * width, 3, name="nodes_squeeze", dtype=dtype)
    else:
        x = convolution(fuse(maps, config), 4 * width, 1, name="nodes_squeeze", dtype=dtype)
    x = convolution(x, config.maps_per_node * points, 3, name="nodes_maps", dtype=dtype)
    # The graph is a hundredth of the network's work, and pixels need more digits than a half has.
    exact = keras.dtype_policies.get(dtype).variable_dtype
    graph = np.asarray(config.graph) != 0
    adjacency = DynamicAdjacency(graph, config.dynamic, config.static, name="adjacency", dtype=exact)(x)
    nodes = MapToNode(points, name="nodes", dtype=dtype)(x)
    hidden = GraphConvolution(2 * width, name="graph_in", dtype=exact)(nodes, adjacency)
    for index in range(4):
        hidden = GraphResBlock(name=f"graph_block{index + 1}", dtype=exact)(hidden, adjacency)
    regress = GraphConvolution(2, activation=False, bias_initializer=_middle(config), name="graph_out", dtype="float32")
    return regress(hidden, adjacency), adjacency
