"""Photos with drawn faces whose landmarks are known exactly."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.geometry import about, apply_affine, rotation, scale_of
from kerasalign.markups import Markup, get_markup

_SHIFT = 4  # cv2 draws with this many fractional bits.


def draw_photo(
    rng: np.random.Generator, markup: str | Markup, faces: int = 1, height: int = 200
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Draws a photo with faces side by side, each in its own pose, expression and colors.

    The mean shape of a markup is bent smoothly (expression), turned, scaled and placed; the same map places
    the drawing, so that the landmarks lie on the drawn eyes, mouth and jaw for every markup.

    Args:
        rng: Source of all that is random.
        markup: Scheme of the landmarks; one that converts to `"5"` or is `"5"`.
        faces: Number of faces.
        height: Height of the photo in pixels; it is about as wide for one face.

    Returns:
        The photo, `(H, W, 3)` uint8 RGB, and `(N, 2)` float64 landmarks of each face, 0-based pixel centers.
    """
    markup = get_markup(markup)
    cell = int(height * rng.uniform(0.9, 1.1))
    photo = _background(rng, height, cell * faces)
    landmarks = []
    for index in range(faces):
        center = np.array([cell * (index + 0.5), height * 0.52]) + rng.uniform(-0.05, 0.05, 2) * height
        pose = _Pose(rng, center, height * rng.uniform(0.42, 0.56))
        _draw_face(photo, rng, pose)
        landmarks.append(pose(_in_face_frame(markup)))
    noise = rng.normal(0, 4, photo.shape)
    return np.clip(photo + noise, 0, 255).astype("uint8"), landmarks


class _Pose:
    """The map from the frame of the 68-point mean shape to the photo: a smooth bend, then a similarity."""

    def __init__(self, rng: np.random.Generator, center: np.ndarray, size: float):
        shape = get_markup("68").mean_shape
        self.centers = np.stack([shape[list(part)].mean(0) for part in get_markup("68").parts.values()])
        self.moves = rng.normal(0, 0.018, self.centers.shape)
        self.matrix = about(np.zeros(2), size * rotation(rng.normal(0, 10)), center)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        distance = ((points[:, None] - self.centers) ** 2).sum(-1)
        bent = points + np.exp(-distance / (2 * 0.15**2)) @ self.moves
        return apply_affine(self.matrix, bent)


def _in_face_frame(markup: Markup) -> np.ndarray:
    """A markup's mean shape, fitted by its five points to those of the 68-point mean shape."""
    base = get_markup("68")
    here = markup.convert(markup.mean_shape, "5")
    there = base.convert(base.mean_shape, "5")
    scale = np.sqrt(np.var(there, 0).sum() / np.var(here, 0).sum())
    return (markup.mean_shape - here.mean(0)) * scale + there.mean(0)


def _background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    low, high = rng.uniform(30, 220, (2, 3))
    ramp = np.linspace(0, 1, width)[None, :, None] * rng.uniform(0.3, 1) + np.zeros((height, 1, 1))
    photo = np.ascontiguousarray((low + (high - low) * ramp).astype("uint8"))
    for _ in range(6):
        corner = rng.integers(0, (width, height))
        side = rng.integers(10, height // 3, 2)
        cv2.rectangle(photo, corner.tolist(), (corner + side).tolist(), rng.uniform(30, 220, 3).tolist(), -1)
    return photo


def _draw_face(photo: np.ndarray, rng: np.random.Generator, pose: _Pose) -> None:
    shape = get_markup("68").mean_shape
    skin = np.array([225, 180, 150]) * rng.uniform(0.45, 1.05)
    hair = rng.uniform(10, 110, 3)
    angle = np.linspace(np.pi, 2 * np.pi, 20)
    top = shape[0, 1]
    crown = np.stack([0.5 * np.cos(angle), top + 0.52 * np.sin(angle)], -1)
    _fill(photo, pose(crown * (1.12, 1.0) + (0.0, -0.06)), hair)
    _fill(photo, pose(np.concatenate([crown * (1.0, 0.86), shape[16::-1]])), skin)
    _line(photo, pose(shape[:17]), skin * 0.7, 2)
    for brow in (shape[17:22], shape[22:27]):
        _line(photo, pose(brow), hair * 0.6, 3)
    _line(photo, pose(shape[27:31]), skin * 0.75, 2)
    _line(photo, pose(shape[31:36]), skin * 0.6, 2)
    iris = rng.uniform(20, 120, 3)
    for eye in (shape[36:42], shape[42:48]):
        _fill(photo, pose(eye), np.full(3, 240.0))
        middle = pose(eye.mean(0, keepdims=True))[0]
        radius = int(0.024 * scale_of(pose.matrix) * 2**_SHIFT)
        cv2.circle(photo, _fixed(middle).tolist(), radius, iris.tolist(), -1, cv2.LINE_AA, _SHIFT)
        _line(photo, pose(np.concatenate([eye, eye[:1]])), skin * 0.4, 1)
    _fill(photo, pose(shape[48:60]), np.array([190, 70, 80]) * rng.uniform(0.7, 1.1))
    _fill(photo, pose(shape[60:68]), np.array([70, 20, 25.0]))


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.rint(points * 2**_SHIFT).astype("int32")


def _fill(photo: np.ndarray, points: np.ndarray, color: np.ndarray) -> None:
    cv2.fillPoly(photo, [_fixed(points)], np.clip(color, 0, 255).tolist(), cv2.LINE_AA, _SHIFT)


def _line(photo: np.ndarray, points: np.ndarray, color: np.ndarray, thickness: int) -> None:
    cv2.polylines(photo, [_fixed(points)], False, np.clip(color, 0, 255).tolist(), thickness, cv2.LINE_AA, _SHIFT)
