"""What a network looks at, laid over the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK = (24, 28, 34), (235, 235, 235)
_GAP = 8


def draw_attention(
    image: np.ndarray, maps: Mapping[str, np.ndarray], opacity: float = 0.55, tile: int = 256
) -> Image.Image:
    """Draws maps over a picture side by side, the picture itself first (figure 6 of SCC).

    Each map runs from its own lowest to its own highest value, which its caption tells.

    Args:
        image: `(H, W, 3)` uint8 RGB crop.
        maps: Caption to `(h, w)` map of the whole crop, at any resolution.
        opacity: How far the colours hide the picture, in 0..1.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If a map is not `(h, w)` finite numbers, or `opacity` is out of range.

    Example:

        maps = attention_maps(model, crops)
        draw_attention(crops[0], {f"F{level}": found[0] for level, found in maps.items()}).save("attention.png")
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"`opacity` must be in 0..1. Received: opacity={opacity!r}")
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
    font = ImageFont.load_default(max(tile / 18, 9))
    caption = math.ceil(1.7 * font.size)
    sheet = Image.new("RGB", (len(tiles) * (tile + _GAP) + _GAP, tile + caption + 2 * _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for index, (text, drawing) in enumerate(tiles):
        left = _GAP + index * (tile + _GAP)
        sheet.paste(Image.fromarray(drawing), (left, _GAP))
        pen.text((left + tile / 2, tile + 1.5 * _GAP), text, _INK, font, anchor="ma")
    return sheet
