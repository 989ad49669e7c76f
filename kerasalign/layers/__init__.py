"""Layers of the five papers, each usable alone. Keras operations only: TensorFlow, JAX and PyTorch."""

from kerasalign.layers.blur_pool import BlurPool
from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.layers.cosine_embedding import CosineEmbedding
from kerasalign.layers.delight_block import DeLighTBlock
from kerasalign.layers.delight_encoder import DeLighTEncoder
from kerasalign.layers.dextra import DExTra
from kerasalign.layers.dynamic_adjacency import DynamicAdjacency
from kerasalign.layers.extract_patches import ExtractPatches
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.layers.global_patch_attention import GlobalPatchAttention
from kerasalign.layers.graph_convolution import GraphConvolution
from kerasalign.layers.graph_res_block import GraphResBlock
from kerasalign.layers.grouped_linear import GroupedLinear
from kerasalign.layers.hourglass import Hourglass
from kerasalign.layers.inverted_bottleneck import InvertedBottleneck
from kerasalign.layers.local_patch_attention import LocalPatchAttention
from kerasalign.layers.map_to_node import MapToNode
from kerasalign.layers.parallel_attention import ParallelAttention
from kerasalign.layers.patch_graph_attention import PatchGraphAttention
from kerasalign.layers.photo_statistics import PhotoStatistics
from kerasalign.layers.pyramid_level import PyramidLevel
from kerasalign.layers.pyramid_pooling import PyramidPooling
from kerasalign.layers.residual_bottleneck import ResidualBottleneck
from kerasalign.layers.sa_feature import SAFeature
from kerasalign.layers.sd_fusion import SDFusion
from kerasalign.layers.shuffle_unit import ShuffleUnit
from kerasalign.layers.spatial_attention import SpatialAttention
from kerasalign.layers.transformer_block import TransformerBlock

__all__ = [
    "BlurPool",
    "ConvNorm",
    "CosineEmbedding",
    "DExTra",
    "DeLighTBlock",
    "DeLighTEncoder",
    "DynamicAdjacency",
    "ExtractPatches",
    "FusedBatchNormalization",
    "GlobalPatchAttention",
    "GraphConvolution",
    "GraphResBlock",
    "GroupedLinear",
    "Hourglass",
    "InvertedBottleneck",
    "LocalPatchAttention",
    "MapToNode",
    "ParallelAttention",
    "PatchGraphAttention",
    "PhotoStatistics",
    "PyramidLevel",
    "PyramidPooling",
    "ResidualBottleneck",
    "SAFeature",
    "SDFusion",
    "ShuffleUnit",
    "SpatialAttention",
    "TransformerBlock",
]
