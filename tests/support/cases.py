"""What every layer and model of the library is tested on, and the promises that all of them keep.

A new layer or model adds one line to `LAYERS` or `MODELS`; tests that every public one is listed make sure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import ops, tree

import kerasalign.layers as layers
from kerasalign.models import AAN, BAFA, LWBAFA, SCC, SDU, MuSiCa
from kerasalign.models.musica import MuSiCaIteration


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


@dataclass(frozen=True)
class ModelCase:
    """A small model, its targets, a learning rate that shows in few steps; `idle` and `elsewhere` as for a layer."""

    make: Callable[..., keras.Model]
    fit: dict = field(default_factory=dict)
    idle: str | tuple[str, ...] = ()
    elsewhere: bool = True
    rate: float = 1e-3


def noise(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype("float32")


def crops(count, size, seed=0):
    """Random `uint8` crops, the first column outside the photo."""
    images = np.random.default_rng(seed).integers(1, 256, (count, size, size, 3)).astype("uint8")
    images[:, :, 0] = 0
    return images


def adjacency(count, nodes):
    """Random edge weights; rows sum to 1."""
    weights = noise(count, nodes, nodes, seed=2, low=0)
    return weights / weights.sum(-1, keepdims=True)


PATCHES_19 = [0, 4, 8, 12, 16, 17, 21, 22, 26, 36, 39, 42, 45, 31, 34, 48, 51, 54, 57]
START = np.stack([np.linspace(4, 28, 5), np.linspace(6, 20, 5)], 1)


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

MODELS = {
    "AAN": ModelCase(
        lambda **kw: AAN(markup="5", stem=8, channels=(8, 16), embedding=128, size=32, **kw),
        # A map that is everywhere below zero is flat there.
        idle=("respond/norm/beta",),
    ),
    "AAN, a map per channel": ModelCase(
        lambda **kw: AAN(
            markup="5",
            attention_channels=None,
            attention_relu=False,
            intermediate="attended",
            stem=8,
            channels=(8, 16),
            embedding=128,
            loss="l1",
            size=32,
            **kw,
        ),
        elsewhere=False,
    ),
    # TensorFlow 2.21's gradient of convolutions of 8 channels writes beyond its memory here; of 16 it does not.
    "SCC": ModelCase(
        lambda **kw: SCC(markup="5", width=16, blocks=(1, 1, 1, 1), size=64, **kw),
        idle=("first/bias", "second/bias", "graph_in/bias"),
        rate=1e-2,
    ),
    "SCC, dense layers": ModelCase(
        lambda **kw: SCC(markup="19", width=16, blocks=(1, 1, 1, 1), size=64, head="fc", loss="wing", **kw),
        elsewhere=False,
    ),
    "SDU": ModelCase(
        lambda **kw: SDU(
            markup="5",
            down=1,
            block="resnet",
            transformer="stn",
            deformable=1,
            multiplier=1 / 8,
            size=16,
            **kw,
        )
    ),
    # Outside transforms of one kind, so that backends draw the same.
    "SDU, U-Net in pairs": ModelCase(
        lambda **kw: SDU(
            markup="19",
            topology="unet",
            down=1,
            stacks=1,
            block="resnet",
            transformer="outside",
            loss="code",
            decode="soft",
            multiplier=1 / 4,
            size=16,
            pair_flip=1.0,
            pair_rotation=(20, 20),
            pair_scale=(0.9, 0.9),
            pair_shift=(0.0, 0.0),
            coherence_weight=0.1,
            **kw,
        )
    ),
    "MuSiCa": ModelCase(lambda **kw: MuSiCa(markup="68", patches=PATCHES_19, hidden=32, size=64, box_side=40, **kw)),
    "MuSiCa 98, no attention, four iterations": ModelCase(
        lambda **kw: MuSiCa(
            markup="98",
            patches=range(0, 98, 20),
            levels=(2, 2, 1, 0),
            hidden=16,
            size=52,
            box_side=32,
            local_attention=False,
            **kw,
        ),
        elsewhere=False,
    ),
    "MuSiCa, inverted bottlenecks and graph attention": ModelCase(
        lambda **kw: MuSiCa(
            markup="19",
            patches=range(0, 19, 3),
            levels=(1, 0),
            hidden=16,
            size=48,
            box_side=30,
            extractor="inverted_bottleneck",
            global_attention="gcn",
            **kw,
        )
    ),
    "LWBAFA": ModelCase(
        lambda **kw: LWBAFA(
            markup="68",
            size=64,
            channels=16,
            stage_weights=(1.0,),
            depth=1,
            width=64,
            blocks=1,
            grouped_layers=(2, 2),
            dropout=0.0,
            **kw,
        ),
        # A depthwise convolution and its normalization are blind to the scale of each channel.
        idle=("/norm/beta", "decode_0/enter/norm/gamma"),
    ),
    "BAFA 19, two hourglasses": ModelCase(
        lambda **kw: BAFA(
            markup="19",
            size=64,
            channels=16,
            stem_ratio=0.2,
            stage_weights=(0.5, 1.0),
            depth=1,
            width=64,
            blocks=1,
            hidden=32,
            dropout=0.0,
            **kw,
        ),
        # All but the fusion and the Transformer, whose layers have cases of their own, is in the network above.
        elsewhere=False,
    ),
}


def set_known_weights(model) -> None:
    """Weights that depend on their place only, so that backends and processes can be compared."""
    if isinstance(model, SDU):
        set_contrasting_weights(model)
        return
    values = []
    for i, weight in enumerate(model.get_weights()):
        wave = np.sin(1.3 * (np.arange(weight.size) + 1) + i)
        if model.weights[i].name == "moving_variance":
            wave = 1 + np.abs(wave) * max(weight.size, 1) ** 0.5
        values.append((wave / max(weight.size, 1) ** 0.5).reshape(weight.shape).astype(weight.dtype))
    model.set_weights(values)


def set_contrasting_weights(model) -> None:
    """Known weights that keep the crop's contrast through many layers: where maps are flat, rounding decides which
    pixel is the highest."""
    values = []
    for i, weight in enumerate(model.weights):
        shape, kind = tuple(weight.shape), weight.name
        if kind in ("gamma", "moving_variance"):
            values.append(1 + noise(*shape, seed=i, low=-0.3, high=0.3))
        elif len(shape) < 2:
            values.append(noise(*shape, seed=i, low=-0.3, high=0.3))
        else:
            values.append(noise(*shape, seed=i) * (3 / math.prod(shape[:-1])) ** 0.5)
    model.set_weights(values)


def call(layer, inputs) -> list[np.ndarray]:
    """Output arrays of a layer, flattened in a fixed order."""
    return [np.asarray(ops.convert_to_numpy(value)) for value in tree.flatten(layer(*inputs))]


def layer_model(case: LayerCase, **options) -> keras.Model:
    """A functional model around the layer with a dynamic batch."""
    arrays = case.inputs()
    symbols = [keras.Input(a.shape[1:], dtype=a.dtype.name) for a in arrays]
    return keras.Model(symbols, case.make(**options)(*symbols))


def model_target(model, count=3, seed=0) -> np.ndarray:
    """Landmarks near the mean shape, a few not annotated."""
    size = model.crop_spec.size
    shape = model.markup.mean_shape * size / 2 + size / 2
    target = shape[None] + noise(count, *shape.shape, seed=seed, low=-3, high=3)
    target[0, 2] = np.nan
    return target.astype("float32")
