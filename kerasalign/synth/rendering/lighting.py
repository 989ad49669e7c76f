"""Lighting: spherical harmonics of the surroundings, lamps, and a shadow map of the first lamp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from kerasalign.synth.jit import transformed
from kerasalign.synth.rendering.raster import rasterize_depth

#: Texels of the shadow map, and half the width in centimeters that it covers.
SHADOW_SIDE, SHADOW_REACH = 320, 17.0
_MAP = (16, 32)


@dataclass(frozen=True, eq=False)
class Lighting:
    """Light on a scene, in camera coordinates.

    Args:
        harmonics: `(9, 3)` light around, diffused.
        directions: `(L, 3)` unit directions to lamps.
        colors: `(L, 3)` their linear light.
        shadow: Darkness of the first lamp's shadow, 0..1.
        softness: Its blur in texels of the shadow map.
    """

    harmonics: np.ndarray
    directions: np.ndarray
    colors: np.ndarray
    shadow: float
    softness: float


def draw_lighting(rng: np.random.Generator, environments=(), environment: float = 0.5, hard: float = 0.35) -> Lighting:
    """Draws light: rooms, sky and windows made of soft patches, or a user's environment map; then lamps.

    Args:
        rng: Random numbers.
        environments: `(H, W, 3)` linear equirectangular maps.
        environment: Probability of one of them, if there are any.
        hard: Probability of a strong lamp or sun with a sharp shadow.
    """
    picked = rng.integers(len(environments)) if len(environments) else 0
    if len(environments) and rng.random() < environment:
        around = np.roll(environments[picked], int(rng.integers(_MAP[1])), axis=1)
        around = around / max(around.mean(), 1e-6)
        brightest = np.unravel_index(np.argmax(cv2.GaussianBlur(around.mean(-1), (5, 5), 0)), _MAP)
        main = _ways()[brightest]
        color = around[brightest] / max(around[brightest].max(), 1e-6)
    else:
        around = _room(rng)
        main, color = _way(rng), _tint(rng, 0.35)
    ambient = rng.uniform(0.15, 0.6)
    harmonics = ambient * project(around)
    strong = rng.random() < hard
    power = rng.uniform(1.0, 3.0) if strong else rng.uniform(0.2, 1.4)
    directions, colors = [main], [power * color]
    if rng.random() < 0.4:
        directions.append(_way(rng))
        colors.append(rng.uniform(0.05, 0.6) * _tint(rng, 0.6))
    return Lighting(
        harmonics=harmonics.astype("float32"),
        directions=np.array(directions, "float32"),
        colors=np.array(colors, "float32"),
        shadow=float(rng.uniform(0.7, 1) if rng.random() < 0.85 else 0),
        softness=float(rng.uniform(0.6, 2.0) if strong else rng.uniform(1.5, 5.0)),
    )


def _tint(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A random color temperature, between an incandescent bulb's and a blue sky's, as RGB of mean 1."""
    warm = rng.normal(0, spread)
    color = np.exp(np.array([0.22, 0.0, -0.26]) * warm + rng.normal(0, 0.02, 3))
    return color / color.mean()


def _way(rng: np.random.Generator) -> np.ndarray:
    """Direction to a lamp: mostly in front and above."""
    around = rng.uniform(-1.6, 1.6) if rng.random() < 0.85 else rng.uniform(-2.7, 2.7)
    up = np.clip(rng.normal(0.5, 0.4), -0.4, 1.35)
    return np.array([np.sin(around) * np.cos(up), np.sin(up), np.cos(around) * np.cos(up)])


@lru_cache(maxsize=1)
def _ways() -> np.ndarray:
    """`(16, 32, 3)` directions of the pixels of a small equirectangular map."""
    up = np.pi * (0.5 - (np.arange(_MAP[0]) + 0.5) / _MAP[0])
    around = 2 * np.pi * ((np.arange(_MAP[1]) + 0.5) / _MAP[1] - 0.5)
    up, around = np.meshgrid(up, around, indexing="ij")
    return np.stack([np.sin(around) * np.cos(up), np.sin(up), np.cos(around) * np.cos(up)], -1)


def _small(environment: np.ndarray) -> np.ndarray:
    """Downsamples an environment map, and clips the sun, which a lamp replaces."""
    small = cv2.resize(np.asarray(environment, "float32"), _MAP[::-1], interpolation=cv2.INTER_AREA)
    return np.minimum(small, 12 * np.median(small) + 1e-3)


def _room(rng: np.random.Generator) -> np.ndarray:
    """`(16, 32, 3)` procedural environment map: ceiling or sky, floor, windows."""
    ways = _ways()
    height = ways[..., 1:2]
    top, bottom, side = rng.uniform([0.3, 0.05, 0.2], [1.6, 0.6, 0.9])
    light = side + np.clip(height, 0, 1) * (top - side) + np.clip(-height, 0, 1) * (bottom - side)
    light = light * _tint(rng, 0.3)
    for _ in range(int(rng.integers(1, 5))):
        sharp = rng.uniform(2, 14)
        patch = np.exp(sharp * (ways @ _way(rng) - 1))[..., None]
        light = light + patch * rng.uniform(0.3, 5) * _tint(rng, 0.45)
    return light / light.mean()


@lru_cache(maxsize=1)
def _basis() -> np.ndarray:
    """`(9, 16 * 32)` weights that project a map onto the harmonics, diffused by a matt surface, over pi."""
    x, y, z = _ways().reshape(-1, 3).T
    area = np.cos(np.arcsin(y)) * (np.pi / _MAP[0]) * (2 * np.pi / _MAP[1])
    plain = np.stack([np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    norm = np.array([0.282095, *[0.488603] * 3, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274])
    diffuse = np.array([1, *[2 / 3] * 3, *[1 / 4] * 5])
    return plain * area * (norm**2 * diffuse)[:, None]


def project(environment: np.ndarray) -> np.ndarray:
    """`(9, 3)` coefficients of the shader's harmonics for a `(16, 32, 3)` map."""
    return _basis() @ environment.reshape(-1, 3)


def shadow_map(direction: np.ndarray, center: np.ndarray, vertices: np.ndarray, triangles: np.ndarray):
    """The shadow map of a scene: its depth seen from a light.

    Args:
        direction: `(3,)` unit direction to the light, camera coordinates.
        center: `(3,)` middle of what is covered.
        vertices: `(V, 3)` camera coordinates.
        triangles: `(T, 3)` of what casts shadows.

    Returns:
        The `(n, n)` map and the `(3, 4)` matrix from camera coordinates to its column, row and depth.
    """
    direction = np.asarray(direction, "float64")
    up = np.array([0, 1.0, 0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0, 0])
    x = np.cross(up, direction)
    x /= np.linalg.norm(x)
    y = np.cross(direction, x)
    scale = (SHADOW_SIDE - 1) / (2 * SHADOW_REACH)
    matrix = np.zeros((3, 4))
    for row, axis, factor in ((0, x, scale), (1, -y, scale), (2, direction, 1.0)):
        matrix[row, :3] = axis * factor
        matrix[row, 3] = -axis @ center * factor + ((SHADOW_SIDE - 1) / 2 if row < 2 else 0)
    matrix = matrix.astype("float32")
    mapped = transformed(np.ascontiguousarray(vertices, "float32"), matrix[:, :3].copy(), matrix[:, 3].copy())
    depth = np.full((SHADOW_SIDE, SHADOW_SIDE), -1e6, "float32")
    rasterize_depth(
        np.ascontiguousarray(mapped[:, :2]), np.ascontiguousarray(mapped[:, 2]), triangles, 0, len(triangles), depth
    )
    return depth, matrix


@lru_cache(maxsize=4)
def read_environments(path: str | None) -> tuple[np.ndarray, ...]:
    """Environment maps of an `.npz` or a folder of `.hdr` pictures: `(H, W, 3)` each, linear, small.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a picture cannot be read.
    """
    if path is None:
        return ()
    maps: list[np.ndarray] = []
    source = Path(path)
    if source.is_dir():
        for file in sorted(source.glob("*.hdr")):
            picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
            if picture is None:
                raise ValueError(f"An environment map must be a readable .hdr picture. Received: {file}")
            maps.append(picture[..., ::-1])
    elif source.is_file():
        with np.load(source, allow_pickle=False) as data:
            for name in sorted(data.files):
                if data[name].ndim in (3, 4) and data[name].shape[-1] == 3:
                    maps += list(data[name].reshape(-1, *data[name].shape[-3:]))
    if not maps:
        raise FileNotFoundError(
            "`environment_maps` must be an .npz of (H, W, 3) linear maps or a folder of .hdr "
            f"pictures. Received: environment_maps={path!r}"
        )
    return tuple(_small(m) for m in maps)
