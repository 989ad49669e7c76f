"""Attention maps of a network as heat maps over its input."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasalign.plots.style import GAP, INK, PAPER
from kerasalign.support.checks import in_range


def draw_attention(
    image: np.ndarray, maps: Mapping[str, np.ndarray], opacity: float = 0.55, tile: int = 256
) -> Image.Image:
    """Draws maps over a picture side by side, the picture itself first (figure 6 of SCC).

    The colors of a map span its lowest to its highest value; the caption names both.

    Args:
        image: `(H, W, 3)` uint8 RGB crop.
        maps: Caption to `(h, w)` map of the whole crop, at any resolution.
        opacity: Opacity of the heat map, in 0..1.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If a map is not `(h, w)` finite numbers, or `opacity` is out of range.

    Example:

        maps = attention_maps(model, crops)
        draw_attention(crops[0], {f"F{level}": found[0] for level, found in maps.items()}).save("attention.png")
    """
    in_range(0, 1, opacity=opacity)
    picture = cv2.resize(np.asarray(image, "uint8"), (tile, tile), interpolation=cv2.INTER_AREA)
    tiles = [("", picture)]
    for name, values in maps.items():
        values = np.asarray(values, "float32")
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise ValueError(f"`maps` must hold (h, w) finite numbers. Received: map {name!r} of {values.shape}")
        low, high = float(values.min()), float(values.max())
        level = (values - low) / (high - low) if high > low else np.zeros_like(values)
        level = np.clip(cv2.resize(level, (tile, tile), interpolation=cv2.INTER_CUBIC), 0, 1)
        heat = cv2.applyColorMap(np.round(255 * level).astype("uint8"), cv2.COLORMAP_INFERNO)[..., ::-1]
        mixed = np.round((1 - opacity) * picture + opacity * heat).astype("uint8")
        tiles.append((f"{name}: {low:.2f} to {high:.2f}", mixed))
    size = max(tile / 18, 9)
    font = ImageFont.load_default(size)
    caption = math.ceil(1.7 * size)
    sheet = Image.new("RGB", (len(tiles) * (tile + GAP) + GAP, tile + caption + 2 * GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for index, (text, drawing) in enumerate(tiles):
        left = GAP + index * (tile + GAP)
        sheet.paste(Image.fromarray(drawing), (left, GAP))
        pen.text((left + tile / 2, tile + 1.5 * GAP), text, INK, font, anchor="ma")
    return sheet
