"""Pictures side by side, whatever their sizes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFont

from kerasalign.plots.contact_sheet import shorten
from kerasalign.plots.style import INK, PAPER
from kerasalign.support.checks import at_least

_GAP = 6


def picture_grid(
    pictures: Iterable[Image.Image | None], titles: Sequence[str], columns: int = 4, tile: int = 240
) -> Image.Image:
    """Draws a grid of pictures, each made smaller to fit its tile, with a line under it.

    Args:
        pictures: The pictures, as many as titles; `None` leaves a tile empty. They are taken one by one.
        titles: A line under each; a long one is cut at its beginning.
        columns: Pictures in a row.
        tile: Side of a tile in pixels.

    Raises:
        ValueError: If there is no picture, or `columns` or `tile` is not positive.
    """
    if not titles:
        raise ValueError("`titles` must name at least one picture. Received: titles=[]")
    at_least(1, columns=columns, tile=tile)
    columns = min(columns, len(titles))
    size = max(tile / 17, 8)
    font = ImageFont.load_default(size)
    step = tile + _GAP, tile + math.ceil(1.6 * size) + _GAP
    grid = Image.new("RGB", (columns * step[0] + _GAP, math.ceil(len(titles) / columns) * step[1] + _GAP), PAPER)
    pen = ImageDraw.Draw(grid)
    for index, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        left, top = _GAP + index % columns * step[0], _GAP + index // columns * step[1]
        if picture is not None:
            picture.thumbnail((tile, tile))
            grid.paste(picture, (left + (tile - picture.width) // 2, top + (tile - picture.height) // 2))
        pen.text((left, top + tile + 0.2 * size), shorten(title, font, tile), INK, font)
    return grid
