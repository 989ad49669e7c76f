"""SCC: structure coherence by a dynamic sparse graph of landmarks.

Paper: Zhu, Lin, Wang, Liao, Qian, "Fast and Accurate: Structure Coherence Component for Face Alignment",
https://arxiv.org/abs/2006.11697
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from kerasalign.core.landmark_model import LandmarkModel, resolve_markup
from kerasalign.geometry import CropSpec
from kerasalign.layers import DynamicAdjacency, GraphConvolution, GraphResBlock, MapToNode, PhotoStatistics
from kerasalign.layers.photo_statistics import standardise
from kerasalign.losses import soft_wing, wing
from kerasalign.models.backbones import resnet34
from kerasalign.models.backbones.resnet34 import convolution
from kerasalign.models.scc.adjacency import build_adjacency, schematic_graph
from kerasalign.models.scc.fusion import fuse

LOSSES = ("soft_wing", "wing", "l1")


@keras.saving.register_keras_serializable(package="kerasalign")
class SCC(LandmarkModel):
    """ResNet-34, semantic-guided fusion, and graph convolutions over landmarks with edge weights of each image.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks` needs a `graph`.
        graph: `(N, N)` zeros and ones: row i has the nodes that landmark i takes from. By default each landmark and
            its `neighbours` nearest ones in the markup's schematic face; a recipe puts the graph of its training
            annotations here (`kerasalign.models.scc.adjacency.build_adjacency`).
        neighbours: k of the default graph.
        symmetric: Whether the default graph has every edge in both directions (released code) or not (equation 5).
        head: `"graph"`, or the baseline `"fc"`: two dense layers on the last maps.
        dynamic: Whether an image weighs the edges; `False` weighs a node's edges alike.
        attention: `"semantic"` or `"self"` (Table 6).
        levels: Levels of the backbone that are fused; `(5,)` is the network without fusion (Table 5).
        maps_per_node: n: maps that become a landmark's features.
        loss: `"soft_wing"`, `"wing"` or `"l1"`, per coordinate in crop pixels.
        linear: omega_1 of Soft Wing.
        wing_width: omega_2 of Soft Wing, omega of Wing.
        curvature: epsilon of both.
        width: Channels of the backbone's first stage.
        blocks: Residual blocks of its stages.
        size: Side of the crop in pixels, a multiple of 32.
        crop_scale: Side of the crop in units of the longer side of the landmarks' box; not in the paper.
        num_landmarks: N where there is no markup.
        dtype: Dtype policy of the convolutions, such as `"mixed_bfloat16"`; the graph is float32 in any case.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels; with `head="graph"` also `adjacency` `(B, N, N)`, whose rows sum to 1.

    Raises:
        ValueError: If an argument is out of range or the graph does not fit the markup.

    Pixels are standardised per crop and channel over the part that shows the photo. Landmarks start at the middle of
    the crop, where the released code starts them in its corner: Soft Wing pulls little from that far.

    Example:

        model = SCC(markup="98")
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9))
        model.fit(crops, landmarks)
    """

    point_weights = ("/adjacency/", "/nodes_maps_conv/", "/nodes_maps_norm/", "/fc_out/")
    profile_blocks = ("backbone", "fusion", "nodes", "graph", "adjacency", "fc")

    def __init__(
        self,
        markup="68",
        graph=None,
        neighbours=3,
        symmetric=True,
        head="graph",
        dynamic=True,
        attention="semantic",
        levels=(3, 4, 5),
        maps_per_node=4,
        loss="soft_wing",
        linear=2.0,
        wing_width=20.0,
        curvature=0.5,
        width=64,
        blocks=(3, 4, 6, 3),
        size=256,
        crop_scale=1.25,
        num_landmarks=None,
        dtype=None,
        **kwargs,
    ):
        markup, points = resolve_markup(markup, num_landmarks)
        for name, value, known in (
            ("head", head, ("graph", "fc")),
            ("attention", attention, ("semantic", "self")),
            ("loss", loss, LOSSES),
        ):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {list(known)}. Received: {name}={value!r}")
        if 5 not in levels or not set(levels) <= {2, 3, 4, 5}:
            raise ValueError(f"`levels` must be 5 and others of 2, 3, 4. Received: levels={levels}")
        if attention == "semantic" and head == "graph" and set(levels) != set(range(min(levels), 6)):
            raise ValueError(
                "`levels` must leave none out where each is judged by the one above, with "
                f"attention='semantic'. Received: levels={levels}"
            )
        if size < 32 or size % 32:
            raise ValueError(f"`size` must be a multiple of 32. Received: size={size}")
        if graph is None:
            if markup is None:
                raise ValueError("Without a markup there is no default graph. Received: graph=None")
            graph = schematic_graph(markup.mean_shape, neighbours, symmetric)
        graph = np.asarray(graph) != 0
        if graph.shape != (points, points):
            raise ValueError(
                f"`graph` must be ({points}, {points}), one row per landmark. Received: shape {graph.shape}"
            )

        # === Functional model ===
        crops = keras.Input((size, size, 3), name="crops")
        mean, scale = PhotoStatistics(per_channel=True, name="statistics", dtype=dtype)(crops)
        middle = keras.initializers.Constant((size - 1) / 2)
        pyramid = resnet34(standardise(crops, mean, scale), width, blocks, dtype)
        outputs = {}
        if head == "fc":
            x = layers.Flatten(name="fc_flatten", dtype=dtype)(pyramid[-1])
            x = layers.Dense(4 * width, activation="relu", name="fc_hidden", dtype=dtype)(x)
            places = layers.Dense(2 * points, bias_initializer=middle, name="fc_out", dtype="float32")(x)
            places = ops.reshape(places, (-1, points, 2))
        else:
            maps = dict(enumerate(pyramid, 1))
            if set(levels) == {5}:
                x = convolution(maps[5], 4 * width, 3, name="nodes_squeeze", dtype=dtype)
            else:
                fused, _ = fuse(maps, width, levels, attention, dtype)
                x = convolution(fused, 4 * width, 1, name="nodes_squeeze", dtype=dtype)
            x = convolution(x, maps_per_node * points, 3, name="nodes_maps", dtype=dtype)
            # The graph is a hundredth of the network's work, and pixels need more digits than a half has.
            exact = keras.dtype_policies.get(dtype).variable_dtype
            weights = DynamicAdjacency(graph, dynamic, name="adjacency", dtype=exact)(x)
            nodes = MapToNode(points, name="nodes", dtype=dtype)(x)
            hidden = GraphConvolution(2 * width, name="graph_in", dtype=exact)(nodes, weights)
            for index in range(4):
                hidden = GraphResBlock(name=f"graph_block{index + 1}", dtype=exact)(hidden, weights)
            places = GraphConvolution(2, activation=False, bias_initializer=middle, name="graph_out", dtype="float32")(
                hidden, weights
            )
            outputs["adjacency"] = weights
        super().__init__(inputs=crops, outputs={"landmarks": places} | outputs, **kwargs)

        # === Config ===
        self.markup = markup
        self.crop_spec = CropSpec(size=size, scale=crop_scale)
        self.num_landmarks = points
        self.graph = graph
        self.loss_name = loss
        self.linear = linear
        self.wing_width = wing_width
        self.curvature = curvature
        self.settings = {
            "head": head,
            "dynamic": dynamic,
            "attention": attention,
            "levels": [int(level) for level in levels],
            "maps_per_node": maps_per_node,
            "width": width,
            "blocks": [int(count) for count in blocks],
        }
        self.policy = self.get_layer("statistics").dtype_policy.name

    def face_loss(self, landmarks, outputs):
        """Mean of the loss over the known coordinates of each face (equation 9)."""
        known = ops.logical_not(ops.isnan(landmarks))
        error = outputs["landmarks"] - ops.where(known, landmarks, outputs["landmarks"])
        if self.loss_name == "soft_wing":
            losses = soft_wing(error, self.linear, self.wing_width, self.curvature)
        elif self.loss_name == "wing":
            losses = wing(error, self.wing_width, self.curvature)
        else:
            losses = ops.abs(error)
        weight = ops.cast(known, losses.dtype)
        return ops.sum(losses * weight, (1, 2)) / ops.maximum(ops.sum(weight, (1, 2)), 1.0)

    def predict_adjacency(self, crops) -> np.ndarray:
        """Edge weights of crops `(B, S, S, 3)`: `(B, N, N)`; row i sums to 1 and says what landmark i looks at.

        Raises:
            ValueError: If the head is not a graph.
        """
        if self.settings["head"] == "fc":
            raise ValueError("A network without a graph has no adjacency. Received: head='fc'")
        return self.predict_crops(crops)["adjacency"]

    def config_for_markup(self, markup, landmarks=None) -> dict:
        """Config for other points: their graph comes from annotations where there are enough of them."""
        config = super().config_for_markup(markup, landmarks)
        config.pop("graph", None)
        faces = None if landmarks is None else np.asarray(landmarks, "float64")
        if faces is not None and faces.ndim == 3:
            whole = faces[np.isfinite(faces).all((1, 2))]
            if len(whole) >= 10 and (np.ptp(whole, axis=0) > 0).all():
                k = min(3, markup.num_points - 1)
                config["graph"] = build_adjacency(whole, k).graph.astype(int).tolist()
        return config

    def get_config(self):
        return (
            super().get_config()
            | self.settings
            | {
                "graph": self.graph.astype(int).tolist(),
                "loss": self.loss_name,
                "linear": self.linear,
                "wing_width": self.wing_width,
                "curvature": self.curvature,
                "size": self.crop_spec.size,
                "crop_scale": self.crop_spec.scale,
                "num_landmarks": self.num_landmarks,
                "dtype": self.policy,
            }
        )
