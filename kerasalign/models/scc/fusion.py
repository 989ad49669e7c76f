"""Semantic-guided multi-scale fusion (arXiv 2006.11697, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import layers, ops

from kerasalign.layers import ParallelAttention
from kerasalign.models.backbones.resnet34 import convolution
from kerasalign.models.scc.config import SCCConfig

#: Kernel sizes and strides that bring the maps of a level down to those of level 5.
_DOWN = {4: ((3, 2), (3, 1)), 3: ((3, 2), (3, 1), (3, 2)), 2: ((3, 2), (3, 2), (3, 2))}


def fuse(maps: Mapping[int, Any], config: SCCConfig):
    """Brings the maps of several levels to the size of level 5 and joins them along the channels.

    With `attention="semantic"` the level above weighs the maps of a level; with `"self"` they weigh themselves.

    Args:
        maps: Level (2 to 5) to the backbone's maps.
        config: A resolved config; its `levels` are fused.
    """
    width, dtype = config.width, config.dtype
    above = convolution(maps[5], 4 * width, 3, name="fusion_level5", dtype=dtype)
    fused = [above]
    for level in sorted(set(config.levels) - {5}, reverse=True):
        filters = 2 * width // 2 ** (4 - level)
        x = convolution(maps[level], filters, 3, name=f"fusion_level{level}", dtype=dtype)
        guide = x
        if config.attention == "semantic":
            larger = layers.UpSampling2D(2, interpolation="bilinear", name=f"fusion_up{level}", dtype=dtype)(above)
            guide = convolution(ops.concatenate([larger, x], -1), filters, 1, name=f"fusion_guide{level}", dtype=dtype)
            above = guide
        x, _ = ParallelAttention(name=f"fusion_attention{level}", dtype=dtype)(x, guide)
        for step, (kernel, strides) in enumerate(_DOWN[level]):
            x = convolution(x, filters, kernel, strides, name=f"fusion_down{level}_{step + 1}", dtype=dtype)
        fused.insert(0, x)
    return ops.concatenate(fused, -1) if len(fused) > 1 else fused[0]
