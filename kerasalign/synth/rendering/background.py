"""Backgrounds: procedural ones, or photographs from a user's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from kerasalign.support.images import photo_suffixes


@dataclass(frozen=True)
class Background:
    """A background.

    Args:
        photo: Path of a photograph, or None for a painted one.
        blur: Blur as a fraction of the picture's side.
        saturation: 0 is gray.
        brightness: Factor.
        shapes: Number of shapes of a painted one.
        texture: Strength of a painted one's texture.
    """

    photo: str | None
    blur: float
    saturation: float
    brightness: float
    shapes: int
    texture: float


@lru_cache(maxsize=8)
def photographs(folder: str | os.PathLike) -> tuple[str, ...]:
    """The pictures of a folder, sorted.

    Raises:
        FileNotFoundError: If the folder is not there or has no picture.
    """
    kinds = photo_suffixes()
    found = tuple(str(p) for p in sorted(Path(folder).rglob("*")) if p.suffix.lower() in kinds)
    if not found:
        raise FileNotFoundError(
            f"A folder of backgrounds must hold pictures ({', '.join(sorted(kinds))}). Received: {str(folder)!r}"
        )
    return found


def draw_background(rng: np.random.Generator, folder: str | None, chance: float) -> Background:
    """Draws a background; with probability `chance` a photograph, if there is a folder."""
    photo = None
    pick = rng.random()
    if folder is not None and rng.random() < chance:
        names = photographs(folder)
        photo = names[int(pick * len(names))]
    return Background(
        photo=photo,
        blur=float(rng.uniform(0, 0.06) ** 1.2 if rng.random() < 0.8 else 0),
        saturation=float(rng.uniform(0.1, 1.0)),
        brightness=float(np.exp(rng.normal(0, 0.3))),
        shapes=int(rng.integers(0, 16)) if rng.random() < 0.8 else 0,
        texture=float(rng.uniform(0, 0.6)),
    )


@lru_cache(maxsize=64)
def _photo(path: str) -> np.ndarray:
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"A background must be a picture that OpenCV reads. Received: {path!r}")
    scale = 768 / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1])


def paint_background(rng: np.random.Generator, background: Background, size: int) -> np.ndarray:
    """`(S, S, 3)` float32 in 0..1, gamma-coded."""
    image = _cut(rng, _photo(background.photo), size) if background.photo else _painted(rng, background, size)
    if background.blur > 0:
        image = cv2.GaussianBlur(image, (0, 0), max(background.blur * size, 0.3))
    gray = image.mean(-1, keepdims=True)
    return np.clip((gray + (image - gray) * background.saturation) * background.brightness, 0, 1)


def _cut(rng: np.random.Generator, photo: np.ndarray, size: int) -> np.ndarray:
    """A random square of a photograph."""
    height, width = photo.shape[:2]
    side = int(min(height, width) * rng.uniform(0.35, 1.0))
    row, column = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    piece = photo[row : row + side, column : column + side]
    piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=way).astype("float32") / 255


def _painted(rng: np.random.Generator, background: Background, size: int) -> np.ndarray:
    """A procedural background: a gradient, noise of several scales, and shapes."""
    corners = rng.random(3) * rng.uniform(0.2, 1) + rng.normal(0, 0.12, (2, 2, 3))
    image = cv2.resize(corners.astype("float32"), (size, size), interpolation=cv2.INTER_LINEAR)
    for cells in (4, 9, 20, 60):
        plane = rng.random((cells, cells, 3 if rng.random() < 0.5 else 1)).astype("float32") - 0.5
        strength = background.texture * rng.uniform(0, 0.7)
        image += strength * cv2.resize(plane, (size, size), interpolation=cv2.INTER_CUBIC).reshape(size, size, -1)
    for _ in range(background.shapes):
        color = tuple(float(v) for v in np.clip(rng.random(3) * rng.uniform(0.1, 1.2), 0, 1))
        at = rng.integers(-size // 4, size + size // 4, 4)
        kind, a, b = rng.random(), tuple(int(v) for v in at[:2]), tuple(int(v) for v in at[2:])
        if kind < 0.45:
            cv2.rectangle(image, a, b, color, -1 if rng.random() < 0.75 else int(rng.integers(1, size // 20 + 2)))
        elif kind < 0.65:
            axes = tuple(int(v) for v in rng.integers(2, size // 4, 2))
            cv2.ellipse(image, a, axes, float(rng.uniform(0, 180)), 0, 360, color, -1, cv2.LINE_AA)
        elif kind < 0.85:
            cv2.line(image, a, b, color, int(rng.integers(1, size // 16 + 2)), cv2.LINE_AA)
        else:
            corners = rng.integers(-size // 4, size + size // 4, (int(rng.integers(3, 6)), 2)).astype("int32")
            cv2.fillPoly(image, [corners], color, cv2.LINE_AA)
    return np.clip(image, 0, 1)
