"""Backgrounds, clutter and occluders of composed scenes."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from kerasalign.detection.training.crowd_config import CrowdConfig
from kerasalign.geometry import box_center, box_size
from kerasalign.synth.rendering.background import draw_background, paint_background, photographs

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, cv2.FONT_HERSHEY_PLAIN)
#: Value in `owner` of a pixel that an occluder covers.
_OCCLUDER = 254


@lru_cache(maxsize=256)
def _photo(path: str, longest: int = 1024) -> np.ndarray:
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"A background must be an image that OpenCV reads. Received: {path!r}")
    scale = longest / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1])


def paint_backdrop(rng: np.random.Generator, config: CrowdConfig, size: int) -> np.ndarray:
    """A background: a hard negative, a part of a photograph, or a painted one.

    Args:
        rng: Random numbers.
        config: The `CrowdConfig`, with the probabilities.
        size: S, the side in pixels.

    Returns:
        `(S, S, 3)` uint8 RGB.
    """
    chance = rng.random()
    if config.negatives is not None and chance < config.hard:
        image = _photo(_random_photo(rng, config.negatives))
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    elif config.backgrounds is not None and rng.random() < config.photographs:
        image = _random_part(rng, _photo(_random_photo(rng, config.backgrounds)), size)
    else:
        # Painted at half the size: texture is finer than that only in photographs.
        painted = paint_background(rng, draw_background(rng, None, 0.0), max(size // 2, 16))
        image = cv2.resize((255 * painted).astype("uint8"), (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        image = image[:, ::-1]
    table = np.clip(np.arange(256)[:, None] * np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 3)), 0, 255)
    return cv2.LUT(np.ascontiguousarray(image), table.round().astype("uint8").reshape(1, 256, 3))


def _random_photo(rng: np.random.Generator, folder: str) -> str:
    names = photographs(folder)
    return names[int(rng.integers(len(names)))]


def _random_part(rng: np.random.Generator, photo: np.ndarray, size: int, mosaic: float = 0.12) -> np.ndarray:
    """A random part of a photograph, small or large, sometimes rotated; or a mosaic of four such parts."""
    if rng.random() < mosaic:
        parts = [_random_part(rng, photo, size // 2, mosaic=0.0) for _ in range(4)]
        return np.concatenate([np.concatenate(parts[:2], 1), np.concatenate(parts[2:], 1)])
    height, width = photo.shape[:2]
    side = max(int(min(height, width) * np.exp(rng.uniform(np.log(0.15), 0))), 8)
    long = min(int(side * rng.uniform(0.75, 1.35)), width, height)
    row, column = rng.integers(0, height - side + 1), rng.integers(0, width - long + 1)
    piece = photo[row : row + side, column : column + long]
    if rng.random() < 0.12:
        piece = np.rot90(piece, int(rng.integers(1, 4)))
    way = cv2.INTER_AREA if min(piece.shape[:2]) > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=way)


def clutter(rng: np.random.Generator, picture: np.ndarray) -> None:
    """Draws things that a detector easily takes for faces into an image, in place.

    They are text, rings, grids of squares, skin-colored ellipses, and round objects.
    """
    size = len(picture)
    for _ in range(int(rng.integers(1, 5))):
        kind, color = rng.random(), _color(rng)
        x, y = (int(v) for v in rng.integers(0, size, 2))
        scale = np.exp(rng.uniform(np.log(0.02), np.log(0.25))) * size
        if kind < 0.2:
            text = "".join(chr(c) for c in rng.integers(33, 126, int(rng.integers(2, 14))))
            font, height = _FONTS[int(rng.integers(len(_FONTS)))], float(np.clip(scale / 25, 0.25, 4))
            for line in range(int(rng.integers(1, 5))):
                cv2.putText(
                    picture,
                    text[line:] + text[:line],
                    (x, y + int(30 * height * line)),
                    font,
                    height,
                    color,
                    int(rng.integers(1, 4)),
                    cv2.LINE_AA,
                )
        elif kind < 0.4:
            for _ in range(int(rng.integers(1, 4))):
                at = (x + int(rng.normal(0, scale)), y + int(rng.normal(0, scale)))
                cv2.circle(picture, at, max(int(scale / 3), 1), color, -1, cv2.LINE_AA)
                cv2.circle(picture, at, max(int(scale / 7), 1), _color(rng), -1, cv2.LINE_AA)
        elif kind < 0.5:
            step = max(int(scale / 2), 3)
            for row in range(int(rng.integers(1, 6))):
                for column in range(int(rng.integers(1, 6))):
                    at = x + 2 * step * column, y + 2 * step * row
                    cv2.rectangle(picture, at, (at[0] + step, at[1] + step), color, -1)
        elif kind < 0.65:
            axes = max(int(scale), 2), max(int(scale * rng.uniform(0.3, 1.3)), 2)
            cv2.ellipse(picture, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, _skin(rng), -1, cv2.LINE_AA)
        else:
            side = max(round(2 * size * np.exp(rng.uniform(np.log(0.03), np.log(0.6)))), 8)
            blend(picture, _round_object(rng, side), x - side // 2, y - side // 2)


def _round_object(rng: np.random.Generator, side: int) -> np.ndarray:
    """A `(side, side, 4)` float32 round object without eyes and mouth: like a ball, plate, fruit, planet or cell."""
    turn, aspect = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)
    axis = np.linspace(-1.02, 1.02, side, dtype="float32")
    x, y = np.meshgrid(axis, axis)
    u, v = np.cos(turn) * x + np.sin(turn) * y, (np.cos(turn) * y - np.sin(turn) * x) / np.float32(aspect)
    radius = np.hypot(u, v)
    # Lit from one side like a ball, or flat.
    light, depth = rng.normal(0, 0.6, 2), np.sqrt(np.maximum(1 - radius**2, 0))
    shade = 1 + rng.uniform(0, 0.7) * (light[0] * x + light[1] * y + depth - 0.7)
    grain = cv2.resize(
        rng.normal(0, 1, 2 * (int(rng.integers(3, 24)),)).astype("float32"), (side, side), interpolation=cv2.INTER_CUBIC
    )
    shade *= np.exp(rng.uniform(0, 0.35) * grain)
    tone = np.array(_skin(rng) if rng.random() < 0.5 else _color(rng)).astype("float32")
    pixels = shade[..., None] * tone
    for _ in range(int(rng.integers(0, 7))):
        # Spots, and sometimes a ring.
        at, width = rng.uniform(-0.8, 0.8, 2), rng.uniform(0.04, 0.35)
        distance = np.hypot(u - at[0], v - at[1]) if rng.random() < 0.8 else np.abs(radius - abs(at[0]))
        spot = np.exp(-0.5 * (distance / np.float32(width)) ** 2)[..., None] * np.float32(rng.uniform(0.2, 0.9))
        pixels = pixels * (1 - spot) + spot * np.array(_color(rng), "float32")
    soft = np.clip((1 - radius) * side * rng.uniform(0.05, 0.5), 0, 1)
    return np.dstack([pixels.clip(0, 255), soft]).astype("float32")


def blend(picture: np.ndarray, layer: np.ndarray, left: int, top: int) -> None:
    """Blends a layer into an image, in place; what lies outside is cut off.

    Args:
        picture: `(H, W, 3)` uint8.
        layer: `(h, w, 4)` float32: color in 0..255 and opacity in 0..1.
        left: Column of the layer's left edge.
        top: Row of its upper edge.
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + layer.shape[1], width), min(top + layer.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    window = picture[y0:y1, x0:x1]
    window[:] = (window * (1 - part[..., 3:]) + part[..., :3] * part[..., 3:]).round().astype("uint8")


def cover(rng: np.random.Generator, picture: np.ndarray, owner: np.ndarray, box: np.ndarray) -> None:
    """Covers a part of a box with an occluder, in place: of one color, or a piece of the same image.

    Args:
        rng: Random numbers.
        picture: `(S, S, 3)` uint8 RGB.
        owner: `(S, S)` uint8: number of the person that a pixel shows.
        box: The box.
    """
    size = len(picture)
    middle = box_center(box) + rng.uniform(-0.75, 0.75, 2) * box_size(box)
    half = box_size(box).max() * rng.uniform(0.08, 0.4, 2)
    mask = np.zeros((size, size), "uint8")
    center = tuple(int(v) for v in np.rint(middle))
    axes = tuple(int(v) for v in np.maximum(np.rint(half), 1))
    angle = float(rng.uniform(0, 180))
    if rng.random() < 0.5:
        cv2.ellipse(mask, center, axes, angle, 0, 360, 255, -1)
    else:
        corners = cv2.boxPoints((tuple(map(float, middle)), tuple(float(2 * v) for v in half), angle))
        cv2.fillPoly(mask, [np.rint(corners).astype("int32")], 255)
    where = mask > 0
    if rng.random() < 0.5:
        picture[where] = _color(rng)
    else:
        moved = np.roll(picture, tuple(int(v) for v in rng.integers(0, size, 2)), (0, 1))
        picture[where] = moved[where]
    owner[where] = _OCCLUDER


def _skin(rng: np.random.Generator) -> tuple[float, float, float]:
    tone = np.array([224, 172, 140]) * rng.uniform(0.25, 1.1) * np.exp(rng.normal(0, 0.06, 3))
    red, green, blue = tone.clip(0, 255).tolist()
    return red, green, blue


def _color(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(v) for v in 255 * rng.random(3) * rng.uniform(0.1, 1))
    return red, green, blue
