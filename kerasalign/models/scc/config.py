"""The arguments of SCC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from kerasalign.core.config import ModelConfig
from kerasalign.core.own_points import in_crops
from kerasalign.core.transfer import Transfer
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup
from kerasalign.models.scc.adjacency import build_adjacency, schematic_graph
from kerasalign.support.checks import one_of, shown


@dataclass(frozen=True, kw_only=True)
class SCCConfig(ModelConfig):
    """The arguments of `SCC`; the defaults are the paper's.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks` needs a `graph`.
        graph: `(N, N)` zeros and ones: row i marks the nodes that landmark i takes from. By default each landmark and
            its `neighbors` nearest ones in the markup's schematic face; a recipe puts the graph of its training
            annotations here (`kerasalign.models.scc.adjacency.build_adjacency`).
        neighbors: k of the default graph.
        symmetric: Whether the default graph has every edge in both directions (released code) or not (equation 5).
        head: `"graph"`, or the baseline `"fc"`: two dense layers on the last maps.
        dynamic: Whether each image weighs the edges (Table 5, "w/o DW").
        static: Fixed weights of the edges with `dynamic=False`: `"symmetric"` (equation 3), `"row"` or `"ones"`
            (released code); see `DynamicAdjacency`.
        attention: `"semantic"` or `"self"` (Table 6).
        levels: Levels of the backbone that are fused; `(5,)` is the network without fusion (Table 5).
        maps_per_node: n: maps that become the features of one landmark.
        loss: `"soft_wing"`, `"wing"` or `"l1"`, per coordinate in crop pixels.
        linear: omega_1 of Soft Wing.
        wing_width: omega_2 of Soft Wing, omega of Wing.
        curvature: epsilon of both.
        width: Channels of the backbone's first stage.
        blocks: Residual blocks of its stages.
        size: Side of the crop in pixels, a multiple of 32.
        crop_scale: Side of the crop in units of the longer side of the landmarks' box; not in the paper.
        num_landmarks: Number of landmarks N; needed where there is no markup.
        dtype: Name of the dtype policy of the convolutions, such as `"mixed_bfloat16"`; the graph is float32 in any
            case.

    Raises:
        ValueError: If a field is out of range, or the graph does not fit the markup.
    """

    network: ClassVar[str] = "kerasalign.models.scc.network:SCC"

    graph: tuple[tuple[float | bool, ...], ...] | None = None
    neighbors: int = 3
    symmetric: bool = True
    head: str = "graph"
    dynamic: bool = True
    static: str = "symmetric"
    attention: str = "semantic"
    levels: tuple[int, ...] = (3, 4, 5)
    maps_per_node: int = 4
    loss: str = "soft_wing"
    linear: float = 2.0
    wing_width: float = 20.0
    curvature: float = 0.5
    width: int = 64
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    size: int = 256
    crop_scale: float = 1.25

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("head", self.head, ("graph", "fc"))
        one_of("static", self.static, ("symmetric", "row", "ones"))
        one_of("attention", self.attention, ("semantic", "self"))
        one_of("loss", self.loss, ("soft_wing", "wing", "l1"))
        levels = set(self.levels)
        if 5 not in levels or not levels <= {2, 3, 4, 5}:
            raise ValueError(f"`levels` must be 5 and others of 2, 3, 4. Received: levels={shown(self.levels)}")
        if self.attention == "semantic" and self.head == "graph" and levels != set(range(min(levels), 6)):
            raise ValueError(
                "`levels` must leave none out where each is judged by the one above, with "
                f"attention='semantic'. Received: levels={self.levels}"
            )
        if self.size < 32 or self.size % 32:
            raise ValueError(f"`size` must be a multiple of 32. Received: size={self.size}")
        if self.graph is not None:
            self._check_graph(self.graph)
        elif self.scheme is None:
            raise ValueError("Without a markup there is no default graph. Received: graph=None")

    def _check_graph(self, graph: tuple[tuple[float | bool, ...], ...]) -> None:
        matrix, points = np.asarray(graph) != 0, self.num_points
        if matrix.shape != (points, points):
            raise ValueError(
                f"`graph` must be ({points}, {points}), one row per landmark. Received: shape {matrix.shape}"
            )
        object.__setattr__(self, "graph", tuple(map(tuple, matrix.astype(int).tolist())))

    @property
    def crop(self) -> CropSpec:
        """The crop: the tight box of the landmarks, enlarged by `crop_scale`."""
        return CropSpec(size=self.size, scale=self.crop_scale, shift=self.crop_shift)

    def resolved(self) -> Self:
        """As in `ModelConfig`; the default graph is written out."""
        graph = self.graph
        if graph is None and self.scheme is not None:
            graph = schematic_graph(self.scheme.mean_shape, self.neighbors, self.symmetric)
        return super().resolved().replace(graph=graph)

    def for_markup(self, markup: Markup, landmarks: np.ndarray | None = None, transfer: Transfer | None = None) -> Self:
        """As in `ModelConfig`; the graph comes from the annotations where 10 faces or more are whole."""
        transfer = transfer or self.transfer(markup, landmarks)
        own = self.replace(markup=markup, num_landmarks=None, graph=None, **self._crop_of(transfer))
        graph, faces = None, None if landmarks is None else np.asarray(landmarks, "float64")
        if faces is not None and faces.ndim == 3:
            whole = in_crops(faces[np.isfinite(faces).all((1, 2))], own.crop)
            if len(whole) >= 10 and (np.ptp(whole, axis=0) > 0).all():
                count = min(self.neighbors, markup.num_points - 1)
                graph = build_adjacency(whole, count, self.symmetric).graph
        return own.replace(graph=graph)
