"""Layers of the five papers, each usable alone. Keras operations only: TensorFlow, JAX and PyTorch."""

from kerasalign.layers.affine_sampler import AffineSampler
from kerasalign.layers.blur_pool import BlurPool
from kerasalign.layers.channel_aggregation_block import ChannelAggregationBlock
from kerasalign.layers.conv_norm import ConvNorm
from kerasalign.layers.cosine_embedding import CosineEmbedding
from kerasalign.layers.decode_heatmaps import DecodeHeatmaps
from kerasalign.layers.deform_conv2d import DeformConv2D
from kerasalign.layers.delight_block import DeLighTBlock
from kerasalign.layers.delight_encoder import DeLighTEncoder
from kerasalign.layers.depthwise_norm import DepthwiseNorm
from kerasalign.layers.dextra import DExTra
from kerasalign.layers.dynamic_adjacency import DynamicAdjacency
from kerasalign.layers.extract_patches import ExtractPatches
from kerasalign.layers.fused_batch_normalization import FusedBatchNormalization
from kerasalign.layers.global_patch_attention import GlobalPatchAttention
from kerasalign.layers.graph_convolution import GraphConvolution
from kerasalign.layers.graph_res_block import GraphResBlock
from kerasalign.layers.grouped_linear import GroupedLinear
from kerasalign.layers.hourglass import Hourglass
from kerasalign.layers.inception_residual_block import InceptionResidualBlock
from kerasalign.layers.inverted_bottleneck import InvertedBottleneck
from kerasalign.layers.local_patch_attention import LocalPatchAttention
from kerasalign.layers.map_to_node import MapToNode
from kerasalign.layers.parallel_attention import ParallelAttention
from kerasalign.layers.parallel_multiscale_block import ParallelMultiscaleBlock
from kerasalign.layers.patch_graph_attention import PatchGraphAttention
from kerasalign.layers.photo_statistics import PhotoStatistics
from kerasalign.layers.preactivation_bottleneck import PreactivationBottleneck
from kerasalign.layers.pyramid_level import PyramidLevel
from kerasalign.layers.pyramid_pooling import PyramidPooling
from kerasalign.layers.residual_bottleneck import ResidualBottleneck
from kerasalign.layers.sa_feature import SAFeature
from kerasalign.layers.sample_at_points import SampleAtPoints
from kerasalign.layers.sd_fusion import SDFusion
from kerasalign.layers.separable_block import SeparableBlock
from kerasalign.layers.shuffle_unit import ShuffleUnit
from kerasalign.layers.spatial_attention import SpatialAttention
from kerasalign.layers.spatial_transformer import SpatialTransformer
from kerasalign.layers.transformer_block import TransformerBlock
from kerasalign.layers.up_conv_norm import UpConvNorm
from kerasalign.layers.visibility_head import VisibilityHead

__all__ = [
    "AffineSampler",
    "BlurPool",
    "ChannelAggregationBlock",
    "ConvNorm",
    "CosineEmbedding",
    "DExTra",
    "DeLighTBlock",
    "DeLighTEncoder",
    "DecodeHeatmaps",
    "DeformConv2D",
    "DepthwiseNorm",
    "DynamicAdjacency",
    "ExtractPatches",
    "FusedBatchNormalization",
    "GlobalPatchAttention",
    "GraphConvolution",
    "GraphResBlock",
    "GroupedLinear",
    "Hourglass",
    "InceptionResidualBlock",
    "InvertedBottleneck",
    "LocalPatchAttention",
    "MapToNode",
    "ParallelAttention",
    "ParallelMultiscaleBlock",
    "PatchGraphAttention",
    "PhotoStatistics",
    "PreactivationBottleneck",
    "PyramidLevel",
    "PyramidPooling",
    "ResidualBottleneck",
    "SAFeature",
    "SDFusion",
    "SampleAtPoints",
    "SeparableBlock",
    "ShuffleUnit",
    "SpatialAttention",
    "SpatialTransformer",
    "TransformerBlock",
    "UpConvNorm",
    "VisibilityHead",
]
