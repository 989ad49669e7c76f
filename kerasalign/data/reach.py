"""How far beyond a face's box augmentation looks: the margin that cached crops need."""

from __future__ import annotations

from itertools import product

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.geometry import CropSpec, rotation

# Pixels beyond the crop's edge that bilinear interpolation reads, and one for rounding.
_EDGE = 2


def reach(config: AugmentConfig, spec: CropSpec) -> float:
    """Side of the part of a photo that no augmented crop of a face leaves, in units of the box's longer side.

    It is that of the worst case: a square face at the ends of all ranges. Presets with a `context` show no more than
    that, so that it is their reach.

    Args:
        config: The augmentation.
        spec: The model's crop.

    Returns:
        A margin for `build_cache`, at least `spec.scale`.

    Example:

        margin = reach(AugmentConfig.preset("scc"), model.crop_spec)
        cache = build_cache(samples, model.crop_spec, "crops", margin=margin)
    """
    if config.context is not None:
        return max(config.context, spec.scale)
    geometric = [config] if config.geometric else []
    calm = [config.reduced] if config.geometric < 1 and config.calm else []
    farthest = max((_reach(one, spec.scale) for one in (*geometric, *calm)), default=spec.scale)
    if farthest <= spec.scale:
        return spec.scale
    return farthest + 2 * _EDGE * spec.scale / spec.size


def _reach(config: AugmentConfig, scale: float) -> float:
    low, high = config.rotation
    # The diagonal reaches farthest, at 45 degrees.
    turns = np.unique(np.clip([low, high, 0.0, -45.0, 45.0, *np.linspace(low, high, 7)], low, high))
    ends = (config.shear, config.shear, config.stretch_x, config.stretch_y, config.zoom)
    wide, tall = (max(limits) for limits in (config.box_scale_x, config.box_scale_y))
    farthest = scale
    for degrees, (shear_x, shear_y, x, y, zoom) in product(turns, product(*map(set, ends))):
        linear = zoom * np.diag([x, y]) @ np.array([[1.0, shear_x], [shear_y, 1.0]]) @ rotation(degrees)
        # A square box of side 1 about the origin, and the box of the crop after the map.
        size = np.ones(2) if config.rebox == "fixed" else np.abs(linear).sum(1)
        half = scale * max(wide * size[0], tall * size[1]) / 2
        backward = np.linalg.inv(linear)
        for shift_x, shift_y in product(set(config.box_shift_x), set(config.box_shift_y)):
            middle = np.array([shift_x * size[1], shift_y * size[0]])
            corners = middle + half * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
            farthest = max(farthest, 2 * np.abs(corners @ backward.T).max())
    return float(farthest)
