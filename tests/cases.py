"""What every layer and model of the library is tested on, and the promises that all of them keep.

A new layer or model adds one line to `LAYERS` or `MODELS`; tests that every public one is listed make sure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import ops, tree

import kerasalign.layers as layers
from kerasalign.models import MuSiCa
from kerasalign.models.musica import MuSiCaIteration


@dataclass(frozen=True)
class LayerCase:
    """A layer and the arrays it is called on; the first axis is the batch."""

    make: Callable[..., keras.layers.Layer]
    inputs: Callable[[], tuple[np.ndarray, ...]]
    trains: bool = True


@dataclass(frozen=True)
class ModelCase:
    """A small model and its targets."""

    make: Callable[..., keras.Model]
    fit: dict = field(default_factory=dict)


def noise(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype("float32")


def crops(count, size, seed=0):
    """Random `uint8` crops, the first column outside the photo."""
    images = np.random.default_rng(seed).integers(1, 256, (count, size, size, 3)).astype("uint8")
    images[:, :, 0] = 0
    return images


PATCHES_19 = [0, 4, 8, 12, 16, 17, 21, 22, 26, 36, 39, 42, 45, 31, 34, 48, 51, 54, 57]
START = np.stack([np.linspace(4, 28, 5), np.linspace(6, 20, 5)], 1)


LAYERS = {
    "PhotoStatistics": LayerCase(layers.PhotoStatistics, lambda: (crops(3, 16),), trains=False),
    "PyramidLevel": LayerCase(
        lambda **kw: layers.PyramidLevel(2, **kw),
        lambda: (crops(3, 18), noise(3, 1, low=90, high=130), noise(3, 1, seed=1, low=0.01, high=0.03)),
        trains=False,
    ),
    "ExtractPatches": LayerCase(
        lambda **kw: layers.ExtractPatches(6, **kw),
        lambda: (noise(3, 20, 24, 3), noise(3, 4, 2, seed=1, low=-5, high=25)),
        trains=False,
    ),
    "LocalPatchAttention": LayerCase(layers.LocalPatchAttention, lambda: (noise(3, 5, 8),)),
    "InvertedBottleneck": LayerCase(
        lambda **kw: layers.InvertedBottleneck(4, expansion=2, **kw), lambda: (noise(3, 5, 6, 4),)
    ),
    "GlobalPatchAttention": LayerCase(layers.GlobalPatchAttention, lambda: (noise(3, 5, 8),)),
    "PatchGraphAttention": LayerCase(
        lambda **kw: layers.PatchGraphAttention(START, neighbours=2, hidden=6, **kw), lambda: (noise(3, 5, 8),)
    ),
    "MuSiCaIteration": LayerCase(
        lambda **kw: MuSiCaIteration(START, [0, 2, 4], hidden=16, **kw), lambda: (noise(3, 32, 32, 3),)
    ),
    "MuSiCaIteration, global attention only": LayerCase(
        lambda **kw: MuSiCaIteration(
            START, [0, 2, 4], hidden=16, local_attention=False, global_attention="fc", **kw
        ),
        lambda: (noise(3, 32, 32, 3),),
    ),
}

MODELS = {
    "MuSiCa": ModelCase(
        lambda **kw: MuSiCa(markup="68", patches=PATCHES_19, hidden=32, size=64, box_side=40, **kw)
    ),
    "MuSiCa 98, no attention, four iterations": ModelCase(
        lambda **kw: MuSiCa(
            markup="98", patches=range(0, 98, 20), levels=(2, 2, 1, 0), hidden=16, size=52, box_side=32,
            local_attention=False, **kw,
        )
    ),
    "MuSiCa, inverted bottlenecks and graph attention": ModelCase(
        lambda **kw: MuSiCa(
            markup="19", patches=range(0, 19, 3), levels=(1, 0), hidden=16, size=48, box_side=30,
            extractor="inverted_bottleneck", global_attention="gcn", **kw,
        )
    ),
}


def set_known_weights(model) -> None:
    """Weights that depend on their place only, so that backends and processes can be compared."""
    values = []
    for i, weight in enumerate(model.get_weights()):
        wave = np.sin(1.3 * (np.arange(weight.size) + 1) + i)
        values.append((wave / max(weight.size, 1) ** 0.5).reshape(weight.shape).astype(weight.dtype))
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
