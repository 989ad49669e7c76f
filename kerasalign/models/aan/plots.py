"""AAN's attention over several faces."""

from __future__ import annotations

import numpy as np
from PIL import Image

from kerasalign.plots.attention import draw_attention


def attention_sheet(crops: np.ndarray, maps: np.ndarray, opacity: float = 0.55, tile: int = 160) -> Image.Image:
    """Draws the attention maps of faces, a face per row and a map per column, the finest first (figure 4, turned).

    The colors of a map run from its lowest to its highest value; its caption states both. With the ReLU of the paper no
    value is below 0.5.

    Args:
        crops: `(B, S, S, 3)` uint8 RGB.
        maps: `(B, M, S, S)`, as `AAN.attention_maps` gives them.
        opacity: Opacity of the colors over the picture, in 0..1.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If there is no face, or maps and crops are not of the same number.

    Example:

        attention_sheet(crops, model.attention_maps(crops)).save("attention.png")

    Reference: Yue et al., "Attentional Alignment Networks" (BMVC 2018), figure 4.
    """
    crops, maps = np.asarray(crops), np.asarray(maps)
    if crops.ndim != 4 or maps.ndim != 4 or not len(crops) or len(crops) != len(maps):
        raise ValueError(
            "`crops` and `maps` must be (B, S, S, 3) and (B, M, S, S) with B at least 1. "
            f"Received: shapes {crops.shape} and {maps.shape}"
        )
    rows = [
        draw_attention(crop, {f"{index}": one for index, one in enumerate(own, 1)}, opacity, tile)
        for crop, own in zip(crops, maps)
    ]
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet
