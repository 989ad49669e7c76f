"""Heads of real photographs for training scenes: labelled by the library's own landmark model, cut out softly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.detection.base import Detector
from kerasalign.detection.training.pool import CARD, MARKUPS, SHARD, save_shard
from kerasalign.geometry import box_center, box_from_center, box_size
from kerasalign.markups import get_markup
from kerasalign.support.files import write_json
from kerasalign.support.images import load_image
from kerasalign.support.progress import track

#: Rotation in degrees, scale of the box, and whether the photo is mirrored, of the views that have to agree.
VIEWS = ((0.0, 1.0, False), (0.0, 1.0, True), (15.0, 1.08, False), (-15.0, 0.93, True))
# Photos that are labelled together.
_BATCH = 32


def label_faces(
    model: CropModel, photos: Sequence[np.ndarray], boxes: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks of photos that are each cut around one face, and how far several views of a photo disagree.

    The model sees each photo by a first box, then by the box of its own landmarks: as it is, mirrored, turned and at
    other scales.

    Args:
        model: A model of markup `"68"`.
        photos: N photos `(H, W, 3)` uint8 RGB.
        boxes: `(N, 4)` first boxes `(x0, y0, x1, y1)` in pixels.

    Returns:
        `(N, 68, 2)` means of the views in pixels, and `(N,)` largest distance of a view from their mean, averaged over
        the points, in units of the longer side of the face's upright box; infinite where the landmarks have collapsed.
    """
    markup = get_markup("68")
    landmarks = _predict(model, photos, boxes, np.zeros(len(photos)))
    first, boxes, angles, sound = boxes, [], [], []
    for points, start in zip(landmarks, first):
        try:
            upright, angle = markup.upright_box(points)
            sound.append(bool(box_size(upright).min() > 0.2 * box_size(start).min()))
        except ValueError:
            sound.append(False)
        boxes.append(upright if sound[-1] else start)
        angles.append(angle if sound[-1] else 0.0)
    views = [_view(model, photos, boxes, np.array(angles), *view) for view in VIEWS]
    mean = np.mean(views, 0)
    spread = np.linalg.norm(views - mean, axis=-1).mean(-1).max(0) / [box_size(face).max() for face in boxes]
    return mean, np.where(sound, spread, np.inf)


def _view(
    model: CropModel, photos, boxes, angles: np.ndarray, degrees: float, scale: float, mirrored: bool
) -> np.ndarray:
    """`(N, 68, 2)` landmarks in pixels of the photos, predicted in a turned, scaled, mirrored view."""
    boxes = [box_from_center(box_center(box), scale * box_size(box)) for box in boxes]
    if not mirrored:
        return _predict(model, photos, boxes, angles + degrees)
    widths = [photo.shape[1] for photo in photos]
    boxes = [np.array([w - 1 - b[2], b[1], w - 1 - b[0], b[3]]) for b, w in zip(boxes, widths)]
    landmarks = _predict(model, [photo[:, ::-1] for photo in photos], boxes, degrees - angles)
    return np.stack([get_markup("68").mirror(points, width) for points, width in zip(landmarks, widths)])


def _predict(model: CropModel, photos, boxes, angles: np.ndarray) -> np.ndarray:
    spec = model.crop_spec
    crops, matrices = zip(*(spec.extract(*item) for item in zip(photos, boxes, angles)))
    predicted = model.predict_crops(np.stack(crops), outputs=("landmarks",))["landmarks"]
    return np.stack([spec.to_photo(matrix, points) for matrix, points in zip(matrices, predicted)])


def cut_softly(rng: np.random.Generator, photo: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A face cut out of its photo by a random soft mask: an ellipse about the head, or nearly the whole photo.

    Args:
        rng: Random numbers.
        photo: `(H, W, 3)` uint8 RGB.
        landmarks: `(68, 2)` in its pixels.

    Returns:
        `(H, W, 4)` uint8: color times opacity, and opacity.
    """
    height, width = photo.shape[:2]
    box, angle = get_markup("68").upright_box(landmarks)
    y, x = np.mgrid[:height, :width].astype("float32")
    soft = float(np.exp(rng.uniform(np.log(1.0), np.log(0.07 * width))))
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    mask = np.clip((edge - rng.uniform(0.001, 0.04) * width) / soft, 0, 1)
    if rng.random() < 0.7:
        # The head reaches above the brows, which is where the landmarks end.
        radians, half = np.deg2rad(angle), box_size(box) / 2
        offset = x - box_center(box)[0], y - box_center(box)[1]
        u = (np.cos(radians) * offset[0] + np.sin(radians) * offset[1]) / half[0]
        v = (np.cos(radians) * offset[1] - np.sin(radians) * offset[0]) / half[1] + rng.uniform(0.2, 0.45)
        radius = np.hypot(u / rng.uniform(1.15, 1.6), v / rng.uniform(1.4, 1.8))
        mask = mask * np.clip((1 - radius) * half.max() * 1.3 / soft + 0.5, 0, 1)
    return np.dstack([photo * mask[..., None], 255 * mask]).round().astype("uint8")


def write_photo_pool(
    model: CropModel,
    detector: Detector,
    photos: Iterable[str | Path],
    directory: str | Path,
    *,
    size: int = 224,
    max_spread: float = 0.03,
    seed: int = 0,
    source: str = "",
    progress: bool | None = None,
) -> int:
    """Writes a folder of heads, as `HeadPool` reads it, from photos that are each cut around one face.

    Args:
        model: A model of markup `"68"` that labels the faces.
        detector: Finds the first boxes; where it finds nothing, the median of the others will do.
        photos: The photos; each is resized to a square.
        directory: A new folder.
        size: Side of the cut-outs in pixels.
        max_spread: Faces on which views disagree more than this are left out.
        seed: Seed of the masks.
        source: Name, author and license of the photos, for the card.
        progress: Whether to show a progress bar; by default on a terminal.

    Returns:
        Number of heads that were written.

    Raises:
        ValueError: If the folder is not new.
    """
    directory, names = Path(directory), [Path(name) for name in photos]
    if directory.exists() and any(directory.iterdir()):
        raise ValueError(f"`directory` must be new or empty. Received: directory={str(directory)!r}")
    waiting: list[tuple[np.ndarray, np.ndarray]] = []
    written, shards = 0, 0
    starts = range(0, len(names), _BATCH)
    for start in track(starts, "Labelling", len(starts), progress):
        images = [_square(load_image(name), size) for name in names[start : start + _BATCH]]
        labels = label_faces(model, images, _first_boxes(detector, images))
        for offset, (image, points, spread) in enumerate(zip(images, *labels)):
            if spread <= max_spread:
                five = get_markup("68").convert(points, MARKUPS[1])
                cut = cut_softly(np.random.default_rng([seed, start + offset]), image, points)
                waiting.append((cut, np.concatenate([points, five]).astype("float32")))
        while len(waiting) >= SHARD or (waiting and start == starts[-1]):
            save_shard(directory, shards, *zip(*waiting[:SHARD]))
            written, shards, waiting = written + len(waiting[:SHARD]), shards + 1, waiting[SHARD:]
    card: dict[str, Any] = {"photos": source, "size": size, "max_spread": max_spread, "seed": seed, "heads": written}
    write_json(directory / CARD, card)
    return written


def _first_boxes(detector: Detector, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Box of the largest face in each photo of one size."""
    found = [[detector.box_map(face.box) for face in faces[:1]] for faces in detector.detect_many(photos)]
    # By eye: where faces are in photos with a quarter of the face as margin.
    typical = np.array([0.08, 0.16, 0.9, 0.96]) * len(photos[0])
    boxes = [faces[0] for faces in found if faces]
    fallback = np.median(boxes, 0) if len(boxes) > 4 else typical
    return [faces[0] if faces else fallback for faces in found]


def _square(photo: np.ndarray, size: int) -> np.ndarray:
    if photo.shape[:2] == (size, size):
        return photo
    way = cv2.INTER_AREA if min(photo.shape[:2]) > size else cv2.INTER_LINEAR
    return cv2.resize(photo, (size, size), interpolation=way)
