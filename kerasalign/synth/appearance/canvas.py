"""The texture of the face, drawn in chart coordinates: fills, strokes, blurs and noise."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from kerasalign.synth.head.model import HeadModel

#: Edges of the canvas in the chart: left, right, bottom and top in centimeters.
CANVAS = (-13.0, 13.0, -9.0, 12.0)
#: Pixels of the canvas, height and width, and of the tiling noise.
SHAPE, NOISE_SIDE = (288, 357), 512
SCALE = (SHAPE[1] - 1) / (CANVAS[1] - CANVAS[0])


def pixels(places: np.ndarray) -> np.ndarray:
    """Converts chart coordinates in centimeters to canvas pixels, x then y."""
    places = np.asarray(places, "float64")
    rows = (CANVAS[3] - places[..., 1]) * (SHAPE[0] - 1) / (CANVAS[3] - CANVAS[2])
    return np.stack([(places[..., 0] - CANVAS[0]) * SCALE, rows], -1)


@lru_cache(maxsize=1)
def grid() -> tuple[np.ndarray, np.ndarray]:
    """`(H, W)` chart coordinates of the canvas pixels."""
    x = np.linspace(CANVAS[0], CANVAS[1], SHAPE[1], dtype="float32")
    y = np.linspace(CANVAS[3], CANVAS[2], SHAPE[0], dtype="float32")
    x, y = np.meshgrid(x, y)
    return x, y


@lru_cache(maxsize=1)
def noise() -> np.ndarray:
    """`(512, 512, 4)` float32 tiling noise about 0.5, from coarse (channel 3) to fine (channel 1)."""
    rng = np.random.default_rng(20211)
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(NOISE_SIDE)] * 2))
    frequency[0, 0] = 1
    planes = []
    for slope in (1.3, 0.7, 1.0, 1.9):
        spectrum = np.fft.fft2(rng.standard_normal((NOISE_SIDE, NOISE_SIDE))) * frequency ** (-slope)
        spectrum[0, 0] = 0
        plane = np.fft.ifft2(spectrum).real
        planes.append(np.clip(0.5 + 0.18 * plane / plane.std(), 0, 1))
    return np.ascontiguousarray(np.stack(planes, -1).astype("float32"))


def noise_patch(rng: np.random.Generator, channel: int, zoom: int = 1) -> np.ndarray:
    """`(H, W)` noise about 0, from a random place of the tile; `zoom` makes it coarser."""
    plane = noise()[..., channel]
    row, column = rng.integers(0, NOISE_SIDE, 2)
    rows = (row + np.arange(-(-SHAPE[0] // zoom))) % NOISE_SIDE
    columns = (column + np.arange(-(-SHAPE[1] // zoom))) % NOISE_SIDE
    patch = plane[rows[:, None], columns[None, :]] - np.float32(0.5)
    return cv2.resize(patch, SHAPE[::-1], interpolation=cv2.INTER_LINEAR) if zoom > 1 else patch


def gaussian(center, width) -> np.ndarray:
    """`(H, W)` Gaussian spot at a place of the chart, 1 in its middle."""
    x, y = grid()
    (cx, cy), (wx, wy) = center, width
    return np.exp(-(((x[0] - cx) / wx) ** 2))[None, :] * np.exp(-(((y[:, 0] - cy) / wy) ** 2))[:, None]


def _fixed(places: np.ndarray) -> np.ndarray:
    return np.round(pixels(places) * 16).astype("int32")


def blank() -> np.ndarray:
    """An empty `(H, W)` uint8 mask."""
    return np.zeros(SHAPE, "uint8")


def fill(mask: np.ndarray, outline: np.ndarray, value: float = 255) -> None:
    """Fills a closed outline of chart places, in place."""
    cv2.fillPoly(mask, [_fixed(outline)], int(value), cv2.LINE_AA, 4)


def stroke(mask: np.ndarray, lines: np.ndarray, value: float = 255, width: int = 1) -> None:
    """Draws `(K, M, 2)` open lines of chart places, in place."""
    cv2.polylines(mask, list(_fixed(lines)), False, int(value), int(width), cv2.LINE_AA, 4)


def blurred(mask: np.ndarray, centimeters: float) -> np.ndarray:
    """A mask with soft edges as float32 in 0..1; wide blurs are made on a quarter of the pixels."""
    sigma = centimeters * SCALE
    plane = mask.astype("float32") * np.float32(1 / 255) if mask.dtype == np.uint8 else mask
    if sigma < 0.3:
        return plane
    if sigma > 4:
        small = cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 4), SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(plane, (0, 0), sigma)


def blend(albedo: np.ndarray, alpha: np.ndarray, color, grain: np.ndarray | None = None) -> None:
    """Alpha-blends a color over an albedo, in place; `grain` is an `(H, W)` factor of the color."""
    x, y, width, height = cv2.boundingRect((alpha > 1 / 512).astype("uint8"))
    window = slice(y, y + height), slice(x, x + width)
    color, part = np.asarray(color, "float32"), albedo[window]
    coat = color if grain is None else grain[window][..., None] * color
    part += alpha[window][..., None] * (coat - part)


def smooth(points: np.ndarray, count: int) -> np.ndarray:
    """`(count, D)` points of a smooth open curve through `points` `(P, D)` (Catmull-Rom)."""
    points = np.asarray(points, "float64")
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, len(points) - 1, count)
    i = np.minimum(t.astype(int), len(points) - 2)
    f = (t - i)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)


def marks(head: HeadModel) -> np.ndarray:
    """`(68, 2)` chart coordinates of the head's landmark vertices: paint is placed relative to them."""
    return head.chart[head.landmarks68].astype("float64")
