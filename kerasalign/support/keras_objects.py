"""Makes the library's classes known to Keras when they are first asked for.

`keras.models.load_model` finds the classes of a `.keras` file by their registered names, and a class registers itself
when its module is imported. So that `import kerasalign` is enough, and stays light, stand-ins are registered here: each
imports the module of its class when Keras rebuilds an object of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Module, below `kerasalign`, to the names of its registered classes.
CLASSES = {
    "detection.own.network": ("FaceDetector",),
    "layers.affine_sampler": ("AffineSampler",),
    "layers.blur_pool": ("BlurPool",),
    "layers.channel_aggregation_block": ("ChannelAggregationBlock",),
    "layers.conv_norm": ("ConvNorm",),
    "layers.cosine_embedding": ("CosineEmbedding",),
    "layers.decode_heatmaps": ("DecodeHeatmaps",),
    "layers.deform_conv2d": ("DeformConv2D",),
    "layers.delight_block": ("DeLighTBlock",),
    "layers.delight_encoder": ("DeLighTEncoder",),
    "layers.depthwise_norm": ("DepthwiseNorm",),
    "layers.dextra": ("DExTra",),
    "layers.dynamic_adjacency": ("DynamicAdjacency",),
    "layers.extract_patches": ("ExtractPatches",),
    "layers.fused_batch_normalization": ("FusedBatchNormalization",),
    "layers.global_patch_attention": ("GlobalPatchAttention",),
    "layers.graph_convolution": ("GraphConvolution",),
    "layers.graph_res_block": ("GraphResBlock",),
    "layers.grouped_linear": ("GroupedLinear",),
    "layers.hourglass": ("Hourglass",),
    "layers.inception_residual_block": ("InceptionResidualBlock",),
    "layers.inverted_bottleneck": ("InvertedBottleneck",),
    "layers.local_patch_attention": ("LocalPatchAttention",),
    "layers.map_to_node": ("MapToNode",),
    "layers.parallel_attention": ("ParallelAttention",),
    "layers.parallel_multiscale_block": ("ParallelMultiscaleBlock",),
    "layers.patch_graph_attention": ("PatchGraphAttention",),
    "layers.photo_statistics": ("PhotoStatistics",),
    "layers.preactivation_bottleneck": ("PreactivationBottleneck",),
    "layers.pyramid_level": ("PyramidLevel",),
    "layers.pyramid_pooling": ("PyramidPooling",),
    "layers.residual_bottleneck": ("ResidualBottleneck",),
    "layers.sa_feature": ("SAFeature",),
    "layers.sample_at_points": ("SampleAtPoints",),
    "layers.sd_fusion": ("SDFusion",),
    "layers.separable_block": ("SeparableBlock",),
    "layers.shuffle_unit": ("ShuffleUnit",),
    "layers.spatial_attention": ("SpatialAttention",),
    "layers.spatial_transformer": ("SpatialTransformer",),
    "layers.transformer_block": ("TransformerBlock",),
    "layers.up_conv_norm": ("UpConvNorm",),
    "layers.visibility_head": ("VisibilityHead",),
    "metrics.nme_metric": ("NormalizedMeanError",),
    "models.aan.network": ("AAN",),
    "models.lw_bafa.bafa": ("BAFA",),
    "models.lw_bafa.network": ("LWBAFA",),
    "models.musica.iteration": ("MuSiCaIteration",),
    "models.musica.network": ("MuSiCa",),
    "models.musica.select": ("SelectIteration",),
    "models.scc.network": ("SCC",),
    "models.sdu.network": ("SDU",),
    "training.averaged_adam": ("AveragedAdam",),
    "training.coupled": (
        "CoupledAdam",
        "CoupledSGD",
    ),
}


class _StandIn:
    """Rebuilds objects of a class whose module is not imported yet."""

    def __init__(self, module: str, name: str) -> None:
        self.module = f"kerasalign.{module}"
        self.__name__ = name

    def from_config(self, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """As `from_config` of the class, which takes this place in Keras' table."""
        return getattr(importlib.import_module(self.module), self.__name__).from_config(config)


def register() -> None:
    """Registers a stand-in for every class that is not registered yet. Keras must be imported."""
    objects = sys.modules["keras"].saving.get_custom_objects()
    for module, names in CLASSES.items():
        for name in names:
            objects.setdefault(f"kerasalign>{name}", _StandIn(module, name))


def register_with_keras() -> None:
    """Registers now if Keras is imported, otherwise as soon as somebody imports it."""
    if hasattr(sys.modules.get("keras"), "saving"):
        register()
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds Keras once, and has it registered after its import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Loads Keras as its own loader does, and then registers the stand-ins."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        self.loader.exec_module(module)
        register()
