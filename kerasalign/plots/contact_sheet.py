"""A contact sheet of faces, such as the worst faces of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasalign.geometry import CropSpec, box_from_center, tight_box
from kerasalign.markups import Markup, get_markup
from kerasalign.plots.draw import Outline, draw_faces
from kerasalign.plots.style import INK, PAPER
from kerasalign.support.checks import at_least

PREDICTION = (64, 224, 208)
TRUTH = (255, 170, 60)
_GAP = 6


def contact_sheet(
    images: Sequence[np.ndarray],
    landmarks: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    markup: str | Markup = "68",
    columns: int = 5,
    truth: Sequence[np.ndarray] | None = None,
    tile: int = 240,
) -> Image.Image:
    """Draws a grid of faces with their landmarks, each tile framed on the face.

    Args:
        images: `(H, W, 3)` uint8 RGB photos or crops of any size, one per face.
        landmarks: `(N, 2)` predicted landmarks in pixels of their image, drawn in turquoise.
        titles: A line under each face; by default none.
        markup: The point scheme, or its name.
        columns: Faces in a row.
        truth: `(N, 2)` ground truth, drawn in orange; it then frames the tile. NaN points are left out.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture; `.save("worst.png")` writes it.

    Raises:
        ValueError: If there is no face, the lists differ in length, the landmarks do not fit the markup, or
            `columns` or `tile` is not positive.
    """
    markup = get_markup(markup)
    if len(images) == 0:
        raise ValueError("`images` must hold at least one image. Received: images=[]")
    for name, value in (("landmarks", landmarks), ("titles", titles), ("truth", truth)):
        if value is not None and len(value) != len(images):
            raise ValueError(f"`{name}` must be one per image. Received: {len(value)} {name} of {len(images)} images")
    at_least(1, columns=columns, tile=tile)
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    size = max(tile / 17, 8)
    font = ImageFont.load_default(size)
    caption = 0 if titles is None else math.ceil(1.6 * size)
    step = tile + _GAP, tile + caption + _GAP
    sheet = Image.new("RGB", (columns * step[0] + _GAP, rows * step[1] + _GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, image in enumerate(images):
        left, top = _GAP + i % columns * step[0], _GAP + i // columns * step[1]
        shapes = [_points(landmarks[i], markup, "landmarks")]
        if truth is not None:
            shapes.insert(0, _points(truth[i], markup, "truth"))
        sheet.paste(_tile(image, shapes, markup, tile), (left, top))
        if titles is not None:
            text = shorten(titles[i], font, tile)
            pen.text((left, top + tile + 0.2 * size), text, INK, font)
    return sheet


def _tile(image: np.ndarray, shapes: list[np.ndarray], markup: Markup, side: int) -> Image.Image:
    """The face framed by the first shape, with every shape drawn on it."""
    spec = CropSpec(size=side, scale=1.5)
    picture, matrix = spec.extract(image, tight_box(shapes[0]))
    colors = [PREDICTION] if len(shapes) == 1 else [TRUTH, PREDICTION]
    frame = box_from_center(np.full(2, (side - 1) / 2), side / spec.scale)
    for shape, color in zip(shapes, colors, strict=True):
        outline = Outline(spec.to_crop(matrix, shape), frame, markup)
        # Only the prediction has points: two sets of white dots are hard to distinguish.
        drawing = draw_faces(picture, [outline], color=color, points=color is PREDICTION)
        picture = np.asarray(drawing)
    return Image.fromarray(picture)


def _points(landmarks: np.ndarray, markup: Markup, name: str) -> np.ndarray:
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.shape != (markup.num_points, 2):
        raise ValueError(
            f"`{name}` must be ({markup.num_points}, 2) arrays of markup '{markup.name}'. "
            f"Received: shape {landmarks.shape}"
        )
    return landmarks


def shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """A text, or only its end if the text is wider than `width` pixels."""
    if font.getlength(text) <= width:
        return text
    # Names begin with folders that faces share, so the end identifies the face.
    while text and font.getlength("…" + text) > width:
        text = text[1:]
    return "…" + text
