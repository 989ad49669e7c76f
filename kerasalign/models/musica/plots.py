"""Pictures of MuSiCa: the cascade on faces, and the attention of its patches (arXiv 2108.00377)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasalign.geometry import CropSpec, box_from_center, tight_box
from kerasalign.markups import Markup, get_markup
from kerasalign.models.musica.exit_rule import exit_rule, finished
from kerasalign.plots.contact_sheet import shorten
from kerasalign.plots.draw import Outline, draw_faces
from kerasalign.plots.style import GAP, INK, PAPER

_GOOD, _GOING, _FINAL = (80, 220, 100), (255, 170, 60), (70, 140, 255)


def cascade_sheet(
    images: Sequence[np.ndarray],
    landmarks: np.ndarray,
    estimates: np.ndarray,
    threshold: float | None = None,
    markup: str | Markup = "68",
    titles: Sequence[str] | None = None,
    tile: int = 220,
) -> Image.Image:
    """Draws a column for each face: its landmarks after every iteration, under the error estimate (figure 1).

    An estimate below the threshold is green. A blue frame marks the iteration at which the face quits; those after it,
    which need not run, are gray.

    Args:
        images: `(H, W, 3)` uint8 RGB photos or crops, one per face.
        landmarks: `(F, I, N, 2)` in pixels of their image.
        estimates: `(F, I)` percent.
        threshold: T_s in percent; `None`: every iteration runs.
        markup: The point scheme, or its name.
        titles: A line above each column; by default none.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If there is no face, or the arguments do not fit each other.
    """
    markup = get_markup(markup)
    landmarks, estimates = np.asarray(landmarks, "float64"), np.asarray(estimates, "float64")
    faces = len(images)
    if not faces or estimates.ndim != 2 or len(estimates) != faces or not estimates.shape[1]:
        raise ValueError(
            "`estimates` must be (F, I), F the number of images and at least 1. "
            f"Received: shape {estimates.shape}, {faces} images"
        )
    if landmarks.shape != (*estimates.shape, markup.num_points, 2):
        raise ValueError(
            f"`landmarks` must be {(*estimates.shape, markup.num_points, 2)}. Received: shape {landmarks.shape}"
        )
    if titles is not None and len(titles) != faces:
        raise ValueError(f"`titles` must be one per image, {faces}. Received: {len(titles)} titles")
    good, final = finished(estimates, threshold), exit_rule(estimates, threshold)
    last = estimates.shape[1] - 1

    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(tile / 12, 9)))
    caption = math.ceil(1.5 * font.size)
    top = GAP + (caption if titles is not None else 0)
    width, height = tile + GAP, tile + caption + GAP
    sheet = Image.new("RGB", (faces * width + GAP, (last + 1) * height + top), PAPER)
    pen = ImageDraw.Draw(sheet)
    spec = CropSpec(size=tile, scale=1.5)
    for face, image in enumerate(images):
        left = GAP + face * width
        picture, matrix = spec.extract(image, tight_box(landmarks[face, final[face]]))
        if titles is not None:
            pen.text((left + tile / 2, GAP / 2), shorten(titles[face], font, tile), INK, font, anchor="ma")
        for i in range(last + 1):
            place = left, top + i * height + caption
            drawing = _draw(picture, spec.to_crop(matrix, landmarks[face, i]), markup)
            color = _GOOD if good[face, i] else _GOING
            if i > final[face]:
                drawing, color = _gray(drawing), (120, 120, 120)
            sheet.paste(drawing, place)
            text = f"{estimates[face, i]:.1f}"
            pen.text((place[0] + tile / 2, place[1] - 1.35 * font.size), text, color, font, anchor="ma")
            if i == final[face]:
                pen.rectangle(
                    (place[0] - 3, place[1] - 3, place[0] + tile + 2, place[1] + tile + 2), outline=_FINAL, width=4
                )
    return sheet


def attention_map(
    attention: np.ndarray,
    mean_shape: np.ndarray,
    patches: Sequence[int],
    markup: str | Markup = "68",
    tile: int = 360,
) -> Image.Image:
    """Draws the attention of each patch at its landmark of the mean shape, a tile per iteration (figure 6).

    Between the patches the color is their mean weighted by distance. It runs from the lowest to the highest attention
    of that iteration; the caption states both.

    Args:
        attention: `(I, P)` in 0..1, mean over features and faces.
        mean_shape: `(N, 2)` landmarks in any unit.
        patches: `(P,)` the landmarks that have a patch.
        markup: The point scheme, or its name.
        tile: Side of a tile in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments do not fit each other.
    """
    markup = get_markup(markup)
    attention, mean_shape = np.asarray(attention, "float64"), np.asarray(mean_shape, "float64")
    points = np.asarray(patches, int)
    if attention.ndim != 2 or not attention.size or attention.shape[1] != len(points):
        raise ValueError(
            f"`attention` must be (I, P), P the number of patches, {len(points)}. Received: shape {attention.shape}"
        )
    if mean_shape.shape != (markup.num_points, 2):
        raise ValueError(f"`mean_shape` must be ({markup.num_points}, 2). Received: shape {mean_shape.shape}")
    spec = CropSpec(size=tile, scale=1.3)
    shape = spec.to_crop(spec.transform(tight_box(mean_shape)), mean_shape)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(tile / 20, 9)))
    caption = math.ceil(1.7 * font.size)
    sheet = Image.new("RGB", (len(attention) * (tile + GAP) + GAP, tile + caption + 2 * GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, values in enumerate(attention):
        left = GAP + i * (tile + GAP)
        sheet.paste(_heat(values, shape, points, markup, tile), (left, GAP))
        low, high = values.min(), values.max()
        peak = f", most at point {points[values.argmax()]}" if high > low else ""
        text = f"iteration {i + 1}: {low:.2f} to {high:.2f}{peak}"
        pen.text((left + tile / 2, tile + 1.5 * GAP), shorten(text, font, tile), INK, font, anchor="ma")
    return sheet


def _heat(values: np.ndarray, shape: np.ndarray, patches: np.ndarray, markup: Markup, side: int) -> Image.Image:
    low, high = values.min(), values.max()
    level = (values - low) / (high - low) if high > low else np.zeros_like(values)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1)
    distance = np.linalg.norm(grid[:, :, None] - shape[patches], axis=-1) / side
    weight = np.exp(-0.5 * (distance / 0.045) ** 2)
    total = weight.sum(-1)
    field = (weight * level).sum(-1) / np.maximum(total, 1e-12)
    # Far from every patch there is no attention to show.
    cover = np.clip(total / 0.6, 0, 1)[..., None]
    picture = np.round(_colors(field) * cover + np.array(PAPER) * (1 - cover)).astype("uint8")
    frame = box_from_center(np.full(2, (side - 1) / 2), side)
    face = Outline(shape, frame, markup)
    drawing = draw_faces(picture, [face], points=False, color=(160, 160, 160), width=0.7)
    pen = ImageDraw.Draw(drawing)
    radius = 0.013 * side
    for (x, y), color in zip(shape[patches], _colors(level)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), tuple(int(c) for c in color), (255, 255, 255))
    return drawing


def _colors(level: np.ndarray) -> np.ndarray:
    """`(..., 3)` RGB of numbers in 0..1."""
    flat = np.round(255 * level).astype("uint8").reshape(-1, 1)
    return cv2.applyColorMap(flat, cv2.COLORMAP_INFERNO)[:, 0, ::-1].reshape(*level.shape, 3)


def _draw(picture: np.ndarray, shape: np.ndarray, markup: Markup) -> Image.Image:
    side = len(picture)
    frame = box_from_center(np.full(2, (side - 1) / 2), side)
    return draw_faces(picture, [Outline(shape, frame, markup)])


def _gray(picture: Image.Image) -> Image.Image:
    """The picture without color and half as bright."""
    return picture.convert("L").point(lambda value: value * 0.45 + 30).convert("RGB")
