"""What every model of the library is tested on, and what such tests share.

A new model adds a line to `MODELS`, a new layer one to `LAYERS` in `layer_cases`; tests make sure that all are listed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np

from kerasalign.models import AAN, BAFA, LWBAFA, SCC, SDU, MuSiCa
from kerasalign.models.sdu import SDUConfig
from tests.support.arrays import noise


@dataclass(frozen=True)
class ModelCase:
    """A small model, its targets, a learning rate that shows in few steps; `idle` and `elsewhere` as for a layer."""

    make: Callable[..., keras.Model]
    fit: dict = field(default_factory=dict)
    idle: str | tuple[str, ...] = ()
    elsewhere: bool = True
    rate: float = 1e-3


PATCHES_19 = [0, 4, 8, 12, 16, 17, 21, 22, 26, 36, 39, 42, 45, 31, 34, 48, 51, 54, 57]
# A network that trains in seconds.
SMALL_SDU = SDUConfig(markup="68", stacks=1, down=1, block="resnet", transformer="outside", multiplier=1 / 32, size=16)


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
            visibility=True,
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

# One of each kind: cases of a kind have names that begin alike.
KINDS = {name.split()[0].rstrip(","): name for name in reversed(MODELS)}


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


def model_target(model, count=3, seed=0) -> np.ndarray:
    """Landmarks near the mean shape, a few not annotated."""
    size = model.crop_spec.size
    shape = model.markup.mean_shape * size / 2 + size / 2
    target = shape[None] + noise(count, *shape.shape, seed=seed, low=-3, high=3)
    target[0, 2] = np.nan
    return target.astype("float32")
