"""The photographic pipeline: exposure, tone, lens, sensor and compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from kerasalign.synth.appearance.skin import rgb


@dataclass(frozen=True)
class Photo:
    """Settings of camera and file. Lengths are fractions of the picture's side.

    Args:
        exposure: Factor of the light, after the face was exposed well.
        contrast: Slope of the tones about a face's.
        saturation: 0 is gray.
        gamma: Exponent of the tones.
        tint: Factors of red, green and blue.
        blur: Standard deviation of the focus blur.
        motion: Length of the motion blur, and its direction in degrees.
        scale: Resolution of the sensor over the picture's.
        noise: Standard deviation of the sensor's noise.
        color_noise: Whether the channels' noise differs.
        jpeg: Quality of the compression, 0 for none.
        sharpen: Strength of the sharpening.
        vignette: Darkness of the corners.
        gray: Whether the picture is black and white.
        glare: Place of a light in the lens as fractions of the side, x then y; its radius; and its strength.
    """

    exposure: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    gamma: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    noise: float = 0.0
    color_noise: bool = False
    jpeg: int = 0
    sharpen: float = 0.0
    vignette: float = 0.0
    gray: bool = False
    glare: tuple[float, float, float, float] | None = None


def draw_photo(rng: np.random.Generator, degrade: float) -> Photo:
    """Draws settings; with `degrade` 0 only tones vary, with 1 pictures are as degraded as on the web."""

    def chance(p: float) -> bool:
        return bool(rng.random() < p * degrade)

    u = rng.uniform
    return Photo(
        exposure=float(np.exp(rng.normal(0, 0.28))),
        contrast=float(u(0.9, 1.6)),
        saturation=float(u(0.7, 1.6)),
        gamma=float(np.exp(rng.normal(0, 0.1))),
        tint=rgb(np.exp(rng.normal(0, 0.05, 3))),
        blur=float(u(0.001, 0.007)) * chance(0.3),
        motion=(float(u(0.005, 0.03)) * chance(0.06), float(u(0, 180))),
        scale=float(u(0.3, 0.9)) if chance(0.22) else 1.0,
        noise=float(u(0.05, 0.22) ** 2) * chance(0.45),
        color_noise=chance(0.6),
        jpeg=int(rng.integers(25, 95)) if chance(0.6) else 0,
        sharpen=float(u(0.3, 1.5)) * chance(0.45),
        vignette=float(u(0, 0.4)) * chance(0.2),
        gray=chance(0.1),
    )


def develop(light: np.ndarray, key: float, photo: Photo) -> np.ndarray:
    """Tone-maps linear light to gamma-coded values in 0..1; `key` becomes a middle tone."""
    tones = light * (0.155 * photo.exposure / max(key, 1e-4)) * np.asarray(photo.tint, "float32")
    # A film-like shoulder: highlights fade instead of ending.
    tones = tones * (1 + 0.1 * tones) / (1 + 0.42 * tones)
    return np.clip(tones * 1.12, 0, 1) ** np.float32(photo.gamma / 2.2)


def expose(rng: np.random.Generator, image: np.ndarray, photo: Photo) -> np.ndarray:
    """Degrades a gamma-coded `(S, S, 3)` float32 picture as settings say, and quantizes it to uint8."""
    size = image.shape[0]
    gray = image @ np.array([0.299, 0.587, 0.114], "float32")
    image = gray[..., None] + (image - gray[..., None]) * np.float32(photo.saturation)
    image = (image - np.float32(0.45)) * np.float32(photo.contrast) + np.float32(0.45)
    if photo.vignette:
        line = np.linspace(-1, 1, size, dtype="float32") ** 2
        image *= 1 - photo.vignette * 0.5 * (line[:, None] + line[None])[..., None]
    if photo.glare:
        image = image + _glare(size, *photo.glare)
    if photo.blur * size > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), photo.blur * size)
    if photo.motion[0] * size > 1.5:
        image = cv2.filter2D(image, -1, _streak(photo.motion[0] * size, photo.motion[1]))
    if photo.scale < 1:
        low = max(int(size * photo.scale), 8)
        image = cv2.resize(image, (low, low), interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    if photo.sharpen:
        image = image + photo.sharpen * (image - cv2.GaussianBlur(image, (0, 0), max(0.004 * size, 0.6)))
    if photo.noise:
        image = image + photo.noise * rng.standard_normal((size, size, 3 if photo.color_noise else 1), "float32")
    out = (np.clip(image, 0, 1) * 255 + 0.5).astype("uint8")
    if photo.gray:
        out = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if photo.jpeg:
        coded = cv2.imencode(".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, photo.jpeg])[1]
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1]
    return np.ascontiguousarray(out)


def _glare(size: int, x: float, y: float, radius: float, strength: float) -> np.ndarray:
    """`(S, S, 1)` lens flare: a bright spot, and a haze over the whole picture."""
    line = (np.arange(size, dtype="float32") + 0.5) / size
    spot = np.exp(-(((line - x) / radius) ** 2))[None, :] * np.exp(-(((line - y) / radius) ** 2))[:, None]
    return (strength * (0.85 * spot + 0.15)).astype("float32")[..., None]


def _streak(length: float, degrees: float) -> np.ndarray:
    """Kernel of a motion blur."""
    side = int(np.ceil(length)) | 1
    kernel = np.zeros((side, side), "float32")
    way = 0.5 * (side - 1) * np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    middle = np.full(2, (side - 1) / 2)
    a, b = (tuple(int(v) for v in np.rint(middle + s * way)) for s in (-1, 1))
    cv2.line(kernel, a, b, 1.0)
    return kernel / kernel.sum()
