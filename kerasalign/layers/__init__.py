"""Layers of the five papers, each usable alone. Keras operations only: TensorFlow, JAX and PyTorch."""

from kerasalign.layers.extract_patches import ExtractPatches
from kerasalign.layers.local_patch_attention import LocalPatchAttention
from kerasalign.layers.photo_statistics import PhotoStatistics
from kerasalign.layers.pyramid_level import PyramidLevel

__all__ = ["ExtractPatches", "LocalPatchAttention", "PhotoStatistics", "PyramidLevel"]
