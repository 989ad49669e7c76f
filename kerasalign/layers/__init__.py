"""Layers of the five papers, each usable alone. Keras operations only: TensorFlow, JAX and PyTorch."""

from kerasalign.layers.extract_patches import ExtractPatches
from kerasalign.layers.gaussian_pyramid import GaussianPyramid
from kerasalign.layers.local_patch_attention import LocalPatchAttention
from kerasalign.layers.standardise import ImageStandardisation

__all__ = ["ExtractPatches", "GaussianPyramid", "ImageStandardisation", "LocalPatchAttention"]
