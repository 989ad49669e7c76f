"""Pictures of SDU: coherent maps, confidence, offsets of deformable convolutions (arXiv 1812.01936)."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasalign.plots.attention import draw_attention
from kerasalign.plots.style import GAP, INK, PAPER

_PLAIN, _MOVED = (150, 160, 170), (255, 170, 60)


def coherence_sheet(model, crops: np.ndarray, transforms=None, tile: int = 160) -> Image.Image:
    """Draws faces and their heatmaps before and after a transformation T (figure 5).

    A row per face: the crop I, its maps H(I), the transformed crop, its maps H(T I), and T H(I), which equals H(T I) in
    a coherent network. Each pixel shows the highest probability of all landmarks; after a softmax over the pixels a map
    is divided by its own peak.

    Args:
        model: An `SDU`.
        crops: `(B, S, S, 3)` uint8 RGB.
        transforms: The T of each crop, as `Transforms`; by default those of the model's training, at random.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If there is no crop, or the crops are not the model's.

    Example:

        coherence_sheet(model, crops).save("coherence.png")

    Reference: arXiv 1812.01936, figure 5.
    """
    crops = model.check_crops(crops)
    if not len(crops):
        raise ValueError(f"`crops` must hold at least one face. Received: shape {crops.shape}")
    transforms = transforms or model.draw_transforms(len(crops))
    moved = np.round(np.asarray(transforms.images(crops))).clip(0, 255).astype("uint8")
    before, after = (model.predict_crops(images)["heatmaps"][:, -1:] for images in (crops, moved))
    turned = np.asarray(transforms.maps(before))
    maps = {"H(I)": before, "H(T I)": after, "T H(I)": turned}
    maps = {name: _highest(values[:, 0], model.config.map_loss) for name, values in maps.items()}
    rows = []
    for face in range(len(crops)):
        first = draw_attention(crops[face], {"H(I)": maps["H(I)"][face]}, tile=tile)
        second = draw_attention(moved[face], {name: maps[name][face] for name in ("H(T I)", "T H(I)")}, tile=tile)
        row = Image.new("RGB", (first.width + second.width - GAP, first.height), PAPER)
        row.paste(first, (0, 0))
        row.paste(second, (first.width - GAP, 0))
        rows.append(row)
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), PAPER)
    for index, row in enumerate(rows):
        sheet.paste(row, (0, index * row.height))
    return sheet


def draw_confidence(image: np.ndarray, landmarks: np.ndarray, confidence: np.ndarray, tile: int = 360) -> Image.Image:
    """Draws landmarks on a crop, colored by their confidence: red at 0, yellow at a half, green at 1.

    Args:
        image: `(S, S, 3)` uint8 RGB crop.
        landmarks: `(N, 2)` in pixels of it; NaN points are left out.
        confidence: `(N,)` in 0..1.
        tile: Side of the drawing in pixels; the scale of colors is below it.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments do not fit each other, or a confidence is not in 0..1.

    Example:

        out = model.predict_crops(crops)
        draw_confidence(crops[0], out["landmarks"][0], out["confidence"][0]).save("confidence.png")
    """
    landmarks, confidence = np.asarray(landmarks, "float64"), np.asarray(confidence, "float64")
    if landmarks.ndim != 2 or landmarks.shape[1] != 2 or confidence.shape != landmarks.shape[:1]:
        raise ValueError(
            "`landmarks` and `confidence` must be (N, 2) and (N,). "
            f"Received: shapes {landmarks.shape} and {confidence.shape}"
        )
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError(
            f"`confidence` must be in 0..1. Received: confidence from {confidence.min()} to {confidence.max()}"
        )
    picture, place = _enlarged(image, tile)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(tile / 20, 9)))
    sheet = Image.new("RGB", (tile, tile + math.ceil(1.7 * font.size)), PAPER)
    sheet.paste(Image.fromarray(picture), (0, 0))
    pen, radius = ImageDraw.Draw(sheet), max(tile / 90, 2)
    for point, level in zip(place(landmarks), confidence):
        if np.isfinite(point).all():
            x, y = point
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), _traffic_light(level), PAPER)
    middle = tile + 0.85 * font.size
    for index in range(tile // 4, 3 * tile // 4):
        level = (index - tile // 4) / (tile / 2)
        pen.line((index, middle - font.size / 4, index, middle + font.size / 4), _traffic_light(level))
    pen.text((tile // 4 - 6, middle), "0", INK, font, anchor="rm")
    pen.text((3 * tile // 4 + 6, middle), "1", INK, font, anchor="lm")
    return sheet


def draw_offsets(
    image: np.ndarray, offsets: np.ndarray, points: np.ndarray, kernel_size: tuple[int, int] = (3, 3), tile: int = 360
) -> Image.Image:
    """Draws where the windows of a deformable convolution read: gray dots without offsets, joined to orange ones with.

    Args:
        image: `(S, S, 3)` uint8 RGB crop.
        offsets: `(H, W, T, 2)`, down then right, in pixels of the layer's maps, of a layer with stride and dilation 1.
        points: `(M, 2)`, x then y, in pixels of the crop: the windows to draw, each at the nearest pixel of the maps.
        kernel_size: Rows and columns of taps.
        tile: Side of the drawing in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments do not fit each other.

    Example:

        offsets = predict_offsets(model, crops)["merge0_deformable"]
        draw_offsets(crops[0], offsets[0, :, :, 0], landmarks[0, [36, 45]]).save("offsets.png")
    """
    offsets, points = np.asarray(offsets, "float64"), np.asarray(points, "float64")
    rows, columns = kernel_size
    if offsets.ndim != 4 or offsets.shape[2:] != (rows * columns, 2):
        raise ValueError(
            f"`offsets` must be (H, W, {rows * columns}, 2) for kernel_size={tuple(kernel_size)}. "
            f"Received: shape {offsets.shape}"
        )
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"`points` must be (M, 2) finite numbers. Received: shape {points.shape}")
    picture, place = _enlarged(image, tile)
    drawing = Image.fromarray(picture)
    pen = ImageDraw.Draw(drawing)
    sides = np.array(offsets.shape[1::-1])
    factor = np.array(np.shape(image)[1::-1]) / sides
    middle = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    middle = middle - [(columns - 1) // 2, (rows - 1) // 2]
    radius = max(tile / 140, 1.5)
    for pixel in np.round((points + 0.5) / factor - 0.5).astype(int).clip(0, sides - 1):
        taps = pixel + middle
        moved = taps + offsets[pixel[1], pixel[0], :, ::-1]
        taps, moved = (place((spots + 0.5) * factor - 0.5) for spots in (taps, moved))
        for plain, bent in zip(taps, moved):
            pen.line((*plain, *bent), _MOVED)
        for spots, color in ((taps, _PLAIN), (moved, _MOVED)):
            for x, y in spots:
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), color, PAPER)
    return drawing


def _highest(maps: np.ndarray, map_loss: str) -> np.ndarray:
    """`(B, H, W)`: the highest of the landmarks' probabilities at each pixel of `(B, H, W, N)` maps."""
    if map_loss == "softmax_ce":
        maps = np.exp(maps - maps.max((1, 2), keepdims=True))
    elif map_loss == "sigmoid_ce":
        maps = 0.5 + 0.5 * np.tanh(0.5 * maps)
    return maps.max(-1).clip(0, 1)


def _enlarged(image: np.ndarray, tile: int):
    """The picture resized to `tile`, and a function that maps its pixels to those of the result."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.shape[0] != image.shape[1]:
        raise ValueError(f"`image` must be (S, S, 3) uint8. Received: shape {image.shape}, dtype {image.dtype}")
    way = cv2.INTER_AREA if tile < len(image) else cv2.INTER_CUBIC
    factor = tile / len(image)
    return cv2.resize(image, (tile, tile), interpolation=way), lambda spots: (spots + 0.5) * factor - 0.5


def _traffic_light(level: float) -> tuple[int, int, int]:
    """RGB from red (0) over yellow to green (1)."""
    return round(230 * min(2 - 2 * level, 1)), round(210 * min(2 * level, 1)), 60
