"""A drawn face that moves, frame by frame."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.geometry import about, apply_affine, rotation
from kerasalign.markups import Markup


def draw_clip(
    rng: np.random.Generator, markup: str | Markup, frames: int, height: int = 200, motion: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a face that wanders, nods and comes nearer, smoothly.

    Args:
        rng: Source of all that is random.
        markup: Scheme of the landmarks.
        frames: Number of frames.
        height: Height of the frames in pixels.
        motion: How far it moves; 0 is a still face.

    Returns:
        Frames `(T, H, W, 3)` uint8 RGB, and `(T, N, 2)` float64 landmarks, 0-based pixel centers.
    """
    photo, (landmarks,) = draw_photo(rng, markup, height=height)
    size = photo.shape[1] - photo.shape[1] % 2, height - height % 2  # many video formats want even sides
    phases = rng.uniform(0, 2 * np.pi, 4)
    middle = np.array(size) / 2
    images, points = [], []
    for index in range(frames):
        sway = np.sin(2 * np.pi * index / 40 + phases) - np.sin(phases)
        matrix = about(
            middle,
            (1 + 0.06 * motion * sway[2]) * rotation(6 * motion * sway[3]),
            middle + 0.06 * motion * height * sway[:2],
        )
        images.append(cv2.warpAffine(photo, matrix, size, borderMode=cv2.BORDER_REPLICATE))
        points.append(apply_affine(matrix, landmarks))
    return np.stack(images), np.stack(points)


def write_clip(path, frames: np.ndarray, fps: float = 25.0) -> None:
    """Writes frames `(T, H, W, 3)` RGB as a motion-JPEG `.avi`.

    Raises:
        OSError: If the file cannot be written.
    """
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    if not writer.isOpened():
        raise OSError(f"The video cannot be written. Received: path={str(path)!r}")
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
