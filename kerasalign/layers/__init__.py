"""Layers of the five papers, each usable alone. Keras operations only: TensorFlow, JAX and PyTorch."""

from kerasalign.layers.extract_patches import ExtractPatches
from kerasalign.layers.global_patch_attention import GlobalPatchAttention
from kerasalign.layers.inverted_bottleneck import InvertedBottleneck
from kerasalign.layers.local_patch_attention import LocalPatchAttention
from kerasalign.layers.patch_graph_attention import PatchGraphAttention
from kerasalign.layers.photo_statistics import PhotoStatistics
from kerasalign.layers.pyramid_level import PyramidLevel

__all__ = [
    "ExtractPatches",
    "GlobalPatchAttention",
    "InvertedBottleneck",
    "LocalPatchAttention",
    "PatchGraphAttention",
    "PhotoStatistics",
    "PyramidLevel",
]
