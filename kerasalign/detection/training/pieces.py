"""What is no face, for training scenes: clothes and hair, faces with shuffled tiles, things cut out like heads."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.detection.training.backdrop import blend
from kerasalign.detection.training.pool import HeadPool
from kerasalign.geometry import about, box_iou, rotation


def scatter(rng: np.random.Generator, pool: HeadPool, picture: np.ndarray) -> None:
    """Draws one to four such parts into an image, in place."""
    size = len(picture)
    for _ in range(int(rng.integers(1, 5))):
        head = int(rng.integers(len(pool)))
        cut = np.asarray(pool[head])
        kind = rng.random()
        if kind < 0.35:
            part = shuffle_tiles(rng, cut, pool.boxes[head])
        elif kind < 0.65:
            part = cut_beside_face(rng, cut, pool.boxes[head])
        else:
            part = fill_outline(rng, cut, picture)
        if part is None:
            continue
        side = max(round(size * np.exp(rng.uniform(np.log(0.05), np.log(0.6)))), 8)
        turned = turn_part(part, side, 0.0 if rng.random() < 0.5 else float(rng.uniform(-180, 180)))
        x, y = (int(v) for v in rng.integers(-side // 3, size - side // 2, 2))
        blend(picture, turned, x, y)


def cut_beside_face(rng: np.random.Generator, cut: np.ndarray, box: np.ndarray) -> np.ndarray | None:
    """A part of a cut-out beside the face, such as hair, neck or clothes.

    Args:
        rng: Random numbers.
        cut: `(S, S, 4)` uint8 cut-out with its opacity.
        box: Tight box of the face.

    Returns:
        `(side, side, 4)` uint8; `None` where none was found.
    """
    width = len(cut)
    for _ in range(8):
        side = int(width * rng.uniform(0.15, 0.45))
        x, y = (int(v) for v in rng.integers(0, width - side, 2))
        part = cut[y : y + side, x : x + side]
        if part[..., 3].mean() > 150 and box_iou(np.array([x, y, x + side, y + side], "float64"), box) < 0.05:
            return part
    return None


def shuffle_tiles(rng: np.random.Generator, cut: np.ndarray, box: np.ndarray) -> np.ndarray | None:
    """A face cut into tiles, none of which stays at its position.

    Args:
        rng: Random numbers.
        cut: `(S, S, 4)` uint8 cut-out with its opacity.
        box: Tight box of the face.

    Returns:
        `(side, side, 4)` uint8; `None` for a face of too few pixels.
    """
    x0, y0, x1, y1 = np.clip(np.rint(box), 0, len(cut)).astype(int)
    # With two tiles a side, one tile would still look like half a face.
    count = int(rng.integers(3, 6))
    side = min(x1 - x0, y1 - y0) // count
    if side < 4:
        return None
    face = cut[y0 : y0 + side * count, x0 : x0 + side * count]
    tiles = face.reshape(count, side, count, side, 4).swapaxes(1, 2).reshape(-1, side, side, 4)
    # Rolling a random order by at least one position moves every tile.
    order = rng.permutation(len(tiles))
    sources = np.empty(len(tiles), int)
    sources[order] = np.roll(order, int(rng.integers(1, len(tiles))))
    return tiles[sources].reshape(count, count, side, side, 4).swapaxes(1, 2).reshape(face.shape)


def fill_outline(rng: np.random.Generator, cut: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """A part of an image in the outline of a cut-out, so that the border of a pasted face tells nothing.

    Args:
        rng: Random numbers.
        cut: `(S, S, 4)` uint8 cut-out with its opacity.
        picture: `(H, W, 3)` uint8 RGB without faces.

    Returns:
        `(S, S, 4)` uint8.
    """
    side = int(min(picture.shape[:2]) * rng.uniform(0.15, 0.8))
    x, y = int(rng.integers(0, picture.shape[1] - side + 1)), int(rng.integers(0, picture.shape[0] - side + 1))
    texture = cv2.resize(picture[y : y + side, x : x + side], cut.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    gain = np.exp(rng.normal(0, 0.4)) * np.exp(rng.normal(0, 0.15, 3))
    cover = cut[..., 3:] / np.float32(255)
    return np.concatenate([(texture * gain).clip(0, 255) * cover, 255 * cover], -1).round().astype("uint8")


def turn_part(part: np.ndarray, side: int, degrees: float) -> np.ndarray:
    """The part scaled to a side and rotated about its center: `(side, side, 4)` float32, opacity in 0..1."""
    way = cv2.INTER_AREA if len(part) > side else cv2.INTER_LINEAR
    part = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=way).astype("float32")
    cover = part[..., 3:] / 255
    part = np.concatenate([part[..., :3] / np.maximum(cover, 0.05), cover], -1)
    matrix = about(np.full(2, (side - 1) / 2), rotation(degrees))
    return cv2.warpAffine(part, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0))
