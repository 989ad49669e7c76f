"""Pictures that a detector takes for faces, to train on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kerasalign.support.files import written_beside
from kerasalign.support.images import list_images, load_image


def mine_negatives(
    detector, photos, directory, *, crops: int = 40, size: int = 256, min_score: float = 0.2, seed: int = 0
) -> int:
    """Looks for faces in photographs that have none, and keeps the parts where the detector finds some.

    Args:
        detector: What has `detect`, with a `min_score` no higher than this one's.
        photos: Folder of photographs without faces.
        directory: Where the parts go, as PNG files; what is there of other seeds stays.
        crops: Random parts of every photograph that are looked at.
        size: Side of the parts in pixels.
        min_score: Least score of what counts as a find.
        seed: Seed of the parts.

    Returns:
        How many were kept.

    Raises:
        ValueError: If the folder holds no photographs.

    Example:

        mine_negatives(KerasAlignDetector(min_score=0.2, second_look=False), "photos", "negatives")
    """
    names = list_images(photos, recursive=True)
    if not names:
        raise ValueError(f"`photos` must hold photographs. Received: photos={str(photos)!r}")
    kept = 0
    for number, name in enumerate(names):
        photo = load_image(name)
        for part in range(crops):
            piece = _part(np.random.default_rng([seed, number, part]), photo, size)
            if not any(face.score >= min_score for face in detector.detect(piece)):
                continue
            with written_beside(Path(directory) / f"{seed:03d}-{number:04d}-{part:04d}.png") as draft:
                cv2.imwrite(str(draft), piece[..., ::-1])
            kept += 1
    return kept


def _part(rng: np.random.Generator, photo: np.ndarray, size: int) -> np.ndarray:
    """A random square part, large ones as likely as small ones, sometimes mirrored."""
    height, width = photo.shape[:2]
    side = max(int(min(height, width) * np.exp(rng.uniform(np.log(0.12), 0))), min(16, height, width))
    row, column = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    piece = photo[row : row + side, column : column + side]
    piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=way)
