"""Things put in front of faces, with what they cover."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.geometry import box_size, rotation, tight_box

# Corners of an occluder's outline, and the part of its radius by which it is uneven.
_CORNERS, _UNEVEN = 24, 0.25


def cover_faces(crops: np.ndarray, landmarks: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Puts a thing of random shape, size and surface in front of each face.

    It lies about one of the face's points. Its surface is a single color with some shading, or a part of another
    of the crops, turned and sometimes blurred, so that skin, hair and photographed things come up.

    Args:
        crops: `(B, S, S, 3)` uint8.
        landmarks: `(B, N, 2)` in pixels of the crops.
        seed: Random seed.

    Returns:
        The crops `(B, S, S, 3)` uint8, and `(B, N)` bool: which points the thing covers.

    Example:

        covered_crops, covered = cover_faces(crops, landmarks)
    """
    out = np.empty_like(crops)
    covered = np.zeros(landmarks.shape[:2], bool)
    others = np.random.default_rng([seed]).permutation(len(crops))
    for i, (crop, points) in enumerate(zip(crops, landmarks)):
        rng = np.random.default_rng([seed, i])
        mask = _outline(rng, points, len(crop))
        surface = _color(rng, len(crop)) if rng.random() < 0.4 else _part_of(rng, crops[others[i]])
        out[i] = np.rint(crop + mask[..., None] * (surface - crop.astype("float32"))).astype("uint8")
        column, row = np.clip(np.rint(points), 0, len(crop) - 1).astype(int).T
        covered[i] = mask[row, column] > 0.5
    return out, covered


def _outline(rng: np.random.Generator, points: np.ndarray, size: int) -> np.ndarray:
    """`(S, S)` float32 in 0..1: an ellipse, a box, or something uneven between, at any angle."""
    side = box_size(tight_box(points)).max()
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    edge = np.stack([np.cos(angle), np.sin(angle)], 1)
    if rng.random() < 0.4:
        edge = np.clip(1.4 * edge, -1, 1)
    waves = rng.normal(0, 1, 3) @ np.sin(np.outer(np.arange(2, 5), angle) + rng.uniform(0, 6.3, (3, 1)))
    edge = edge * (1 + _UNEVEN * rng.random() * waves[:, None] / 2)
    radius = side * rng.uniform(0.08, 0.4, 2)
    edge = (edge * radius) @ rotation(rng.uniform(0, 180)).T
    edge = edge + points[rng.integers(len(points))] + rng.normal(0, 0.05 * side, 2)
    mask = np.zeros((size, size), "uint8")
    cv2.fillPoly(mask, [np.rint(edge * 16).astype("int32")], 255, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(mask, (0, 0), size * rng.uniform(0.002, 0.012)).astype("float32") / 255


def _color(rng: np.random.Generator, size: int) -> np.ndarray:
    """`(S, S, 3)` float32: one color, brighter to one side, with noise."""
    slope = rng.normal(0, 60, 2)
    along = np.linspace(-1, 1, size)
    shade = slope[0] * along[:, None] + slope[1] * along[None] + rng.normal(0, 8 * rng.random(), (size, size))
    return np.clip(rng.uniform(0, 255, 3) + shade[..., None], 0, 255).astype("float32")


def _part_of(rng: np.random.Generator, crop: np.ndarray) -> np.ndarray:
    """`(S, S, 3)` float32: a part of a crop, enlarged up to four times, turned, and one in two times blurred."""
    size = len(crop)
    turn = rotation(rng.uniform(0, 360)) * rng.uniform(1, 4)
    matrix = np.column_stack([turn, np.full(2, size / 2) - turn @ rng.uniform(0, size, 2)])
    part = cv2.warpAffine(crop, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    if rng.random() < 0.5:
        part = cv2.GaussianBlur(part, (0, 0), size * rng.uniform(0.02, 0.1))
    return part.astype("float32")
