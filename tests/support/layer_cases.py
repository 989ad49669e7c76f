"""What every layer of the library is tested on: a new one adds a line to `LAYERS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops, tree

import kerasalign.layers as layers
from kerasalign.models.musica import MuSiCaIteration
from tests.support.arrays import adjacency, crops, noise

START = np.stack([np.linspace(4, 28, 5), np.linspace(6, 20, 5)], 1)


@dataclass(frozen=True)
class LayerCase:
    """A layer and the arrays it is called on; the first axis is the batch.

    `idle`: ends of paths of weights that may have no effect. `elsewhere`: whether other backends run it by itself too.
    """

    make: Callable[..., keras.layers.Layer]
    inputs: Callable[[], tuple[np.ndarray, ...]]
    trains: bool = True
    idle: str | tuple[str, ...] = ()
    elsewhere: bool = True


LAYERS = {
    "PhotoStatistics": LayerCase(layers.PhotoStatistics, lambda: (crops(3, 16),), trains=False, elsewhere=False),
    "PyramidLevel": LayerCase(
        lambda **kw: layers.PyramidLevel(2, **kw),
        lambda: (crops(3, 18), noise(3, 1, low=90, high=130), noise(3, 1, seed=1, low=0.01, high=0.03)),
        trains=False,
        elsewhere=False,
    ),
    "ExtractPatches": LayerCase(
        lambda **kw: layers.ExtractPatches(6, **kw),
        lambda: (noise(3, 20, 24, 3), noise(3, 4, 2, seed=1, low=-5, high=25)),
        trains=False,
    ),
    "LocalPatchAttention": LayerCase(layers.LocalPatchAttention, lambda: (noise(3, 5, 8),), elsewhere=False),
    "InvertedBottleneck": LayerCase(
        lambda **kw: layers.InvertedBottleneck(4, expansion=2, **kw), lambda: (noise(3, 5, 6, 4),), elsewhere=False
    ),
    "GlobalPatchAttention": LayerCase(layers.GlobalPatchAttention, lambda: (noise(3, 5, 8),)),
    "PatchGraphAttention": LayerCase(
        lambda **kw: layers.PatchGraphAttention(START, neighbors=2, hidden=6, **kw),
        lambda: (noise(3, 5, 8),),
        elsewhere=False,
    ),
    "MuSiCaIteration": LayerCase(
        lambda **kw: MuSiCaIteration(START, [0, 2, 4], hidden=16, **kw),
        lambda: (noise(3, 32, 32, 3),),
        elsewhere=False,
    ),
    "MuSiCaIteration, global attention only": LayerCase(
        lambda **kw: MuSiCaIteration(START, [0, 2, 4], hidden=16, local_attention=False, global_attention="fc", **kw),
        lambda: (noise(3, 32, 32, 3),),
        elsewhere=False,
    ),
    "BlurPool": LayerCase(layers.BlurPool, lambda: (noise(3, 8, 7, 4),), trains=False, elsewhere=False),
    "ConvNorm": LayerCase(
        lambda **kw: layers.ConvNorm(6, 3, strides=2, **kw), lambda: (noise(3, 7, 8, 4),), elsewhere=False
    ),
    "CosineEmbedding": LayerCase(
        lambda **kw: layers.CosineEmbedding(6, seed=0, **kw), lambda: (noise(3, 5, 8),), elsewhere=False
    ),
    "CosineEmbedding, fixed": LayerCase(
        lambda **kw: layers.CosineEmbedding(6, learned=False, normalize=True, seed=0, **kw),
        lambda: (noise(3, 8),),
        trains=False,
    ),
    "DExTra": LayerCase(lambda **kw: layers.DExTra(4, **kw), lambda: (noise(3, 5, 16),), elsewhere=False),
    "DeLighTBlock": LayerCase(
        lambda **kw: layers.DeLighTBlock(2, dropout=0.0, **kw), lambda: (noise(3, 5, 12),), elsewhere=False
    ),
    "DeLighTEncoder": LayerCase(
        lambda **kw: layers.DeLighTEncoder(1, 2, 3, dropout=0.0, **kw), lambda: (noise(3, 5, 12),), elsewhere=False
    ),
    "FusedBatchNormalization": LayerCase(layers.FusedBatchNormalization, lambda: (noise(3, 5, 6, 4),), elsewhere=False),
    "GroupedLinear": LayerCase(
        lambda **kw: layers.GroupedLinear(12, 2, **kw), lambda: (noise(3, 5, 8),), elsewhere=False
    ),
    "Hourglass": LayerCase(
        lambda **kw: layers.Hourglass(4, depth=2, shuffle="decoder", **kw),
        lambda: (noise(3, 8, 8, 8),),
        idle="/norm/beta",
        elsewhere=False,
    ),
    "ChannelAggregationBlock": LayerCase(layers.ChannelAggregationBlock, lambda: (noise(3, 5, 6, 16),)),
    "DeformConv2D": LayerCase(
        lambda **kw: layers.DeformConv2D(6, strides=2, deformable_groups=2, **kw), lambda: (noise(3, 5, 6, 4),)
    ),
    "DeformConv2D, groups, MXNet's border": LayerCase(
        lambda **kw: layers.DeformConv2D(4, (2, 3), padding="valid", groups=2, boundary="mxnet", **kw),
        lambda: (noise(3, 5, 6, 4),),
    ),
    "DepthwiseNorm": LayerCase(layers.DepthwiseNorm, lambda: (noise(3, 5, 6, 4),)),
    "AffineSampler": LayerCase(
        layers.AffineSampler,
        lambda: (noise(3, 5, 6, 4), np.eye(2, 3) + noise(3, 2, 3, seed=1) * 0.3),
        trains=False,
        elsewhere=False,
    ),
    "DecodeHeatmaps": LayerCase(layers.DecodeHeatmaps, lambda: (noise(3, 8, 9, 4),), trains=False, elsewhere=False),
    "DecodeHeatmaps, soft": LayerCase(
        lambda **kw: layers.DecodeHeatmaps(decode="soft", activation="softmax", **kw),
        lambda: (noise(3, 8, 9, 4),),
        trains=False,
        elsewhere=False,
    ),
    "DecodeHeatmaps, insightface": LayerCase(
        lambda **kw: layers.DecodeHeatmaps(decode="insightface", activation="linear", **kw),
        lambda: (noise(3, 8, 9, 4),),
        trains=False,
    ),
    "InceptionResidualBlock": LayerCase(layers.InceptionResidualBlock, lambda: (noise(3, 5, 6, 8),)),
    "ParallelMultiscaleBlock": LayerCase(
        lambda **kw: layers.ParallelMultiscaleBlock(8, **kw), lambda: (noise(3, 5, 6, 4),)
    ),
    "PreactivationBottleneck": LayerCase(
        lambda **kw: layers.PreactivationBottleneck(8, **kw), lambda: (noise(3, 5, 6, 4),), elsewhere=False
    ),
    "SpatialTransformer": LayerCase(
        lambda **kw: layers.SpatialTransformer(filters=4, **kw), lambda: (noise(3, 8, 12, 3),), elsewhere=False
    ),
    "SpatialTransformer, affine": LayerCase(
        lambda **kw: layers.SpatialTransformer("affine", filters=4, **kw), lambda: (noise(3, 8, 8, 3),)
    ),
    "UpConvNorm": LayerCase(lambda **kw: layers.UpConvNorm(6, **kw), lambda: (noise(3, 5, 6, 4),)),
    "PyramidPooling": LayerCase(lambda **kw: layers.PyramidPooling((1, 3), **kw), lambda: (noise(3, 8, 7, 4),)),
    "ResidualBottleneck": LayerCase(
        lambda **kw: layers.ResidualBottleneck(6, 4, **kw), lambda: (noise(3, 5, 6, 4),), elsewhere=False
    ),
    "SAFeature": LayerCase(layers.SAFeature, lambda: (noise(3, 5, 6, 8),), elsewhere=False),
    "SeparableBlock": LayerCase(lambda **kw: layers.SeparableBlock(4, 3, **kw), lambda: (noise(3, 5, 6, 4),)),
    "SeparableBlock, halving": LayerCase(
        lambda **kw: layers.SeparableBlock(6, strides=2, **kw), lambda: (noise(3, 8, 6, 4),)
    ),
    "SampleAtPoints": LayerCase(
        lambda **kw: layers.SampleAtPoints(4, **kw),
        lambda: (noise(3, 6, 7, 4), noise(3, 5, 2, seed=1, low=-5, high=30)),
        trains=False,
        elsewhere=False,
    ),
    "SDFusion": LayerCase(
        lambda **kw: layers.SDFusion(3, 4, **kw), lambda: (noise(3, 6, 6, 8), noise(3, 6, 6, 8, seed=1))
    ),
    "ShuffleUnit": LayerCase(layers.ShuffleUnit, lambda: (noise(3, 5, 6, 8),), idle="/norm/beta", elsewhere=False),
    "DeLighTEncoder, with a memory": LayerCase(
        lambda **kw: layers.DeLighTEncoder(1, 2, 3, dropout=0.0, **kw),
        lambda: (noise(3, 5, 16), noise(3, 4, 6, seed=1)),
        elsewhere=False,
    ),
    "SpatialAttention, products alone": LayerCase(
        lambda **kw: layers.SpatialAttention(residual=False, **kw), lambda: (noise(3, 5, 6, 8),), elsewhere=False
    ),
    "SpatialAttention": LayerCase(layers.SpatialAttention, lambda: (noise(3, 5, 6, 8),), elsewhere=False),
    "SpatialAttention, each channel": LayerCase(
        lambda **kw: layers.SpatialAttention(channels=None, relu=False, **kw),
        lambda: (noise(3, 5, 6, 8),),
        elsewhere=False,
    ),
    "TransformerBlock": LayerCase(
        lambda **kw: layers.TransformerBlock(2, 12, dropout=0.0, **kw), lambda: (noise(3, 5, 8), noise(3, 4, 6, seed=1))
    ),
    "VisibilityHead": LayerCase(
        lambda **kw: layers.VisibilityHead(6, **kw), lambda: (noise(3, 5, 8),), elsewhere=False
    ),
    "PhotoStatistics, per channel": LayerCase(
        lambda **kw: layers.PhotoStatistics(per_channel=True, **kw),
        lambda: (crops(3, 16),),
        trains=False,
        elsewhere=False,
    ),
    "GraphConvolution": LayerCase(
        lambda **kw: layers.GraphConvolution(6, **kw),
        lambda: (noise(3, 5, 8), adjacency(3, 5)),
        idle=("bias",),
        elsewhere=False,
    ),
    "GraphResBlock": LayerCase(
        layers.GraphResBlock, lambda: (noise(3, 5, 8), adjacency(3, 5)), idle=("bias",), elsewhere=False
    ),
    "DynamicAdjacency": LayerCase(
        lambda **kw: layers.DynamicAdjacency(np.tri(5), **kw), lambda: (noise(3, 4, 4, 10),), elsewhere=False
    ),
    "MapToNode": LayerCase(
        lambda **kw: layers.MapToNode(5, **kw), lambda: (noise(3, 4, 4, 10),), trains=False, elsewhere=False
    ),
    "ParallelAttention": LayerCase(
        layers.ParallelAttention, lambda: (noise(3, 6, 6, 4), noise(3, 6, 6, 4, seed=1)), elsewhere=False
    ),
}


def call(layer, inputs) -> list[np.ndarray]:
    """Output arrays of a layer, flattened in a fixed order."""
    return [np.asarray(ops.convert_to_numpy(value)) for value in tree.flatten(layer(*inputs))]


def layer_model(case: LayerCase, **options) -> keras.Model:
    """A functional model around the layer with a dynamic batch."""
    arrays = case.inputs()
    symbols = [keras.Input(a.shape[1:], dtype=a.dtype.name) for a in arrays]
    return keras.Model(symbols, case.make(**options)(*symbols))
