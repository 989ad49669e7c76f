"""Boundary maps over the picture that they were predicted from (LW-BAFA, figure 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasalign.markups import Markup, get_markup
from kerasalign.plots.style import GAP, INK, PAPER


def boundary_stages(crop: np.ndarray, boundaries: np.ndarray, tile: int = 256) -> Image.Image:
    """Draws the maps of each hourglass over the crop, all boundaries together, a tile per stage.

    Args:
        crop: `(S, S, 3)` uint8 RGB, as given to the model.
        boundaries: `(I, H, W, K)`, the output of the model for this crop.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments are of another shape.

    Example:

        out = model.predict_crops(crops)
        boundary_stages(crops[0], out["boundaries"][0]).save("stages.png")
    """
    crop, boundaries = _checked(crop, boundaries, 4, "`boundaries` must be (I, H, W, K)")
    tiles = [overlay_boundaries(crop, maps.max(-1), tile) for maps in boundaries]
    return _sheet(tiles, [f"hourglass {i + 1}" for i in range(len(tiles))], len(tiles), tile)


def boundary_montage(
    crop: np.ndarray, maps: np.ndarray, markup: str | Markup = "68", columns: int = 5, tile: int = 180
) -> Image.Image:
    """Draws each boundary's map over the crop, a tile per boundary under its name.

    Args:
        crop: `(S, S, 3)` uint8 RGB.
        maps: `(H, W, K)`: a stage of the model's output, or `exact_boundary_maps`.
        markup: The point scheme, or its name; its boundaries are the K maps in order.
        columns: Tiles in a row.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments do not fit each other.
    """
    names = list(get_markup(markup).boundaries)
    crop, maps = _checked(crop, maps, 3, f"`maps` must be (H, W, {len(names)})")
    if maps.shape[-1] != len(names):
        raise ValueError(f"`maps` must be (H, W, {len(names)}). Received: shape {maps.shape}")
    if columns < 1:
        raise ValueError(f"`columns` must be at least 1. Received: columns={columns}")
    tiles = [overlay_boundaries(crop, maps[..., k], tile) for k in range(len(names))]
    return _sheet(tiles, [name.replace("_", " ") for name in names], columns, tile)


def overlay_boundaries(crop: np.ndarray, heat: np.ndarray, size: int = 256) -> np.ndarray:
    """Draws a map as heat over a darkened crop.

    Args:
        crop: `(S, S, 3)` uint8 RGB.
        heat: `(H, W)` in 0..1; its pixel v is at S / H v in the crop.
        size: Side of the picture in pixels.

    Returns:
        `(size, size, 3)` uint8 RGB.
    """
    side = len(crop)
    zoom = side / len(heat)
    matrix = np.array([[zoom, 0, 0], [0, zoom, 0]], "float32")
    wide = cv2.warpAffine(np.clip(heat, 0, 1).astype("float32"), matrix, (side, side))
    color = cv2.applyColorMap(np.round(255 * wide).astype("uint8"), cv2.COLORMAP_INFERNO)[..., ::-1]
    cover = np.clip(1.5 * wide, 0, 1)[..., None]
    picture = np.round(0.55 * crop * (1 - cover) + color * cover).astype("uint8")
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if size < side else cv2.INTER_CUBIC)


def _checked(crop, maps, rank: int, wanted: str) -> tuple[np.ndarray, np.ndarray]:
    crop, maps = np.asarray(crop), np.asarray(maps, "float32")
    if crop.ndim != 3 or crop.shape[0] != crop.shape[1] or crop.shape[2] != 3 or crop.dtype != np.uint8:
        raise ValueError(f"`crop` must be (S, S, 3) uint8. Received: shape {crop.shape}, dtype {crop.dtype}")
    if maps.ndim != rank or not maps.size:
        raise ValueError(f"{wanted}. Received: shape {maps.shape}")
    return crop, maps


def _sheet(tiles: Sequence[np.ndarray], captions: Sequence[str], columns: int, tile: int) -> Image.Image:
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(tile / 14, 9)))
    caption = math.ceil(1.6 * font.size)
    width, height = tile + GAP, tile + caption + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, (picture, text) in enumerate(zip(tiles, captions)):
        left, top = GAP + i % columns * width, GAP + i // columns * height
        pen.text((left + tile / 2, top), text, INK, font, anchor="ma")
        sheet.paste(Image.fromarray(picture), (left, top + caption))
    return sheet
