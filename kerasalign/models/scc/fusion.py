"""Semantic-guided multi-scale fusion (arXiv 2006.11697, section 3.1)."""

from __future__ import annotations

from keras import layers, ops

from kerasalign.layers import ParallelAttention
from kerasalign.models.backbones.resnet34 import convolution

#: Kernel sizes and strides that bring the maps of a level down to those of level 5.
_DOWN = {4: ((3, 2), (3, 1)), 3: ((3, 2), (3, 1), (3, 2)), 2: ((3, 2), (3, 2), (3, 2))}


def fuse(maps: dict[int, object], width: int, levels, attention: str, dtype) -> tuple[object, dict[int, object]]:
    """Brings the maps of several levels to the coarsest one.

    Args:
        maps: Level (2 to 5) to the backbone's maps.
        width: Channels of the backbone's first stage.
        levels: Levels to use; 5 is one of them.
        attention: `"semantic"` judges a level by what the level above says, `"self"` by itself.
        dtype: Dtype policy.

    Returns:
        Maps at the size of level 5, and level to the attention on its maps.
    """
    above = convolution(maps[5], 4 * width, 3, name="fusion_level5", dtype=dtype)
    gathered, seen = [above], {}
    for level in sorted(set(levels) - {5}, reverse=True):
        filters = 2 * width // 2 ** (4 - level)
        own = convolution(maps[level], filters, 3, name=f"fusion_level{level}", dtype=dtype)
        guide = own
        if attention == "semantic":
            larger = layers.UpSampling2D(2, interpolation="bilinear", name=f"fusion_up{level}", dtype=dtype)(above)
            guide = convolution(
                ops.concatenate([larger, own], -1), filters, 1, name=f"fusion_guide{level}", dtype=dtype
            )
            above = guide
        own, seen[level] = ParallelAttention(name=f"fusion_attention{level}", dtype=dtype)(own, guide)
        for step, (kernel, strides) in enumerate(_DOWN[level]):
            own = convolution(own, filters, kernel, strides, name=f"fusion_down{level}_{step + 1}", dtype=dtype)
        gathered.insert(0, own)
    return (ops.concatenate(gathered, -1) if len(gathered) > 1 else gathered[0]), seen
