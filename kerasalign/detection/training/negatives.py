"""Hard negatives: parts of photographs that a detector takes for faces."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from kerasalign.detection.base import Detector
from kerasalign.support.files import written_beside
from kerasalign.support.images import list_images, load_image


def mine_negatives(
    detector: Detector,
    photos: str | os.PathLike[str],
    directory: str | os.PathLike[str],
    *,
    crops: int = 40,
    size: int = 256,
    min_score: float = 0.2,
    seed: int = 0,
) -> int:
    """Runs a detector on random parts of photographs without faces, and keeps the parts with detections.

    Args:
        detector: The detector; its own lowest score must not be above `min_score`.
        photos: Folder of photographs without faces.
        directory: Folder for the parts, as PNG files; parts of other seeds that are there stay.
        crops: Number of random parts of every photograph.
        size: Side of the parts in pixels.
        min_score: Lowest score of a detection that counts.
        seed: Seed of the parts.

    Returns:
        Number of parts that were kept.

    Raises:
        ValueError: If the folder holds no photographs.

    Example:

        mine_negatives(KerasAlignDetector(min_score=0.2, second_look=False), "photos", "negatives")
    """
    names = list_images(photos, recursive=True)
    if not names:
        raise ValueError(f"`photos` must hold photographs. Received: photos={str(photos)!r}")
    count = 0
    for number, name in enumerate(names):
        photo = load_image(name)
        for part in range(crops):
            piece = _part(np.random.default_rng([seed, number, part]), photo, size)
            if not any(face.score >= min_score for face in detector.detect(piece)):
                continue
            with written_beside(Path(directory) / f"{seed:03d}-{number:04d}-{part:04d}.png") as draft:
                cv2.imwrite(str(draft), piece[..., ::-1])
            count += 1
    return count


def _part(rng: np.random.Generator, photo: np.ndarray, size: int) -> np.ndarray:
    """A random square part, sometimes mirrored; the logarithm of its side is uniform."""
    height, width = photo.shape[:2]
    side = max(int(min(height, width) * np.exp(rng.uniform(np.log(0.12), 0))), min(16, height, width))
    row, column = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    piece = photo[row : row + side, column : column + side]
    piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=way)
