"""Between faces in pixels and the maps of the network, and from maps to faces."""

from __future__ import annotations

import cv2
import numpy as np

#: Pixels between two cells of the maps, and the length in pixels whose logarithm counts as 0.
STRIDE, REFERENCE = 8, 32.0
#: Numbers of a face: middle of its upright box (2), the box's width and height (2), cosine and sine of its rotation,
#: five points (10).
FACE = 16
#: Channels of the maps: the score's logit, and a coded face.
CHANNELS = 1 + FACE


def cell_centres(rows: int, columns: int) -> np.ndarray:
    """`(rows, columns, 2)` float32 pixels in the middle of every cell."""
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return (np.stack([x, y], -1) * STRIDE + (STRIDE - 1) / 2).astype("float32")


def encode_faces(faces: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Faces as a cell's numbers: places relative to the cell in units of the face's side, sizes as logarithms.

    Args:
        faces: `(..., 16)` faces in pixels.
        centres: `(..., 2)` middles of the cells.

    Returns:
        `(..., 16)`; `decode_faces` undoes it.
    """
    side = np.sqrt(faces[..., 2:3] * faces[..., 3:4])
    points = faces[..., 6:].reshape(*faces.shape[:-1], 5, 2)
    places = (points - centres[..., None, :]) / side[..., None]
    return np.concatenate(
        [
            (faces[..., :2] - centres) / side,
            np.log(faces[..., 2:4] / REFERENCE),
            faces[..., 4:6],
            places.reshape(*faces.shape[:-1], 10),
        ],
        -1,
    )


def decode_faces(coded: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Faces in pixels from cells' numbers.

    Args:
        coded: `(..., 16)` what the network gives, without the score.
        centres: `(..., 2)` middles of the cells.

    Returns:
        `(..., 16)` faces; cosine and sine have length 1.
    """
    coded = np.asarray(coded, "float64")
    size = REFERENCE * np.exp(np.clip(coded[..., 2:4], -6, 6))
    side = np.sqrt(size.prod(-1, keepdims=True))
    points = coded[..., 6:].reshape(*coded.shape[:-1], 5, 2) * side[..., None] + centres[..., None, :]
    turn = coded[..., 4:6] / np.maximum(np.linalg.norm(coded[..., 4:6], axis=-1, keepdims=True), 1e-6)
    return np.concatenate(
        [
            coded[..., :2] * side + centres,
            size,
            turn,
            points.reshape(*coded.shape[:-1], 10),
        ],
        -1,
    )


def find_faces(
    maps: np.ndarray, min_score: float = 0.5, max_overlap: float = 0.4, limit: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Faces of one picture from the network's maps: peaks of the score, without those that overlap a better one.

    Args:
        maps: `(h, w, 17)` float32.
        min_score: Lowest score, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        limit: Peaks that are looked at, the best ones.

    Returns:
        `(F, 16)` faces in pixels of the network's input, and their `(F,)` scores, best first.
    """
    scores = 1 / (1 + np.exp(-np.clip(maps[..., 0], -30, 30).astype("float32")))
    peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), "uint8"))) & (scores >= min_score)
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-scores[rows, columns], kind="stable")[:limit]
    rows, columns = rows[order], columns[order]
    centres = np.stack([columns, rows], -1) * float(STRIDE) + (STRIDE - 1) / 2
    faces, found = decode_faces(maps[rows, columns, 1:], centres), scores[rows, columns]
    if not len(faces):
        return faces, found
    corners = np.concatenate([faces[:, :2] - faces[:, 2:4] / 2, faces[:, :2] + faces[:, 2:4] / 2], 1)
    kept = unlike(corners, found, min_score, max_overlap)
    return faces[kept], found[kept]


def unlike(boxes: np.ndarray, scores: np.ndarray, min_score: float, max_overlap: float) -> np.ndarray:
    """Which of `(F, 4)` boxes have at least this score and overlap no better one by more than this, in order."""
    if not len(boxes):
        return np.zeros(0, int)
    corners = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), float(min_score), float(max_overlap))
    return np.sort(np.asarray(kept).astype(int).ravel())
