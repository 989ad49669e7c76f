"""Decodes the maps of the face detector's network into faces."""

from __future__ import annotations

import cv2
import numpy as np

#: Pixels between two cells of the maps.
STRIDE = 8
#: A length in pixels whose logarithm counts as 0.
REFERENCE = 32.0
#: Numbers of a face: center of its upright box (2), width and height of the box (2), cosine and sine of its rotation
#: (2), five points (10).
FACE = 16
#: Channels of the maps: the logit of the score, and the numbers of a face.
CHANNELS = 1 + FACE


def decode_faces(coded: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Faces in pixels from the numbers that the network predicts in a cell.

    A cell holds positions relative to its center, divided by the side of the face, and sizes as logarithms.

    Args:
        coded: `(..., 16)` predicted numbers, without the score.
        centers: `(..., 2)` centers of the cells, x then y, in pixels.

    Returns:
        `(..., 16)` float64 faces in pixels; cosine and sine have length 1.
    """
    coded = np.asarray(coded, "float64")
    size = REFERENCE * np.exp(np.clip(coded[..., 2:4], -6, 6))
    side = np.sqrt(size.prod(-1, keepdims=True))
    points = coded[..., 6:].reshape(*coded.shape[:-1], 5, 2) * side[..., None] + centers[..., None, :]
    direction = coded[..., 4:6] / np.maximum(np.linalg.norm(coded[..., 4:6], axis=-1, keepdims=True), 1e-6)
    return np.concatenate(
        [
            coded[..., :2] * side + centers,
            size,
            direction,
            points.reshape(*coded.shape[:-1], 10),
        ],
        -1,
    )


def find_faces(
    maps: np.ndarray, min_score: float = 0.5, max_overlap: float = 0.4, limit: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Faces of one image from the network's maps: peaks of the score, then non-maximum suppression.

    Args:
        maps: `(h, w, 17)` float32.
        min_score: Lowest score, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        limit: Largest number of peaks that are decoded, the best first.

    Returns:
        `(F, 16)` faces in pixels of the network's input, and their `(F,)` scores, best first.
    """
    scores = 1 / (1 + np.exp(-np.clip(maps[..., 0], -30, 30).astype("float32")))
    peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), "uint8"))) & (scores >= min_score)
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-scores[rows, columns], kind="stable")[:limit]
    rows, columns = rows[order], columns[order]
    centers = np.stack([columns, rows], -1) * float(STRIDE) + (STRIDE - 1) / 2
    faces, peak_scores = decode_faces(maps[rows, columns, 1:], centers), scores[rows, columns]
    if not len(faces):
        return faces, peak_scores
    boxes = np.concatenate([faces[:, :2] - faces[:, 2:4] / 2, faces[:, :2] + faces[:, 2:4] / 2], 1)
    kept = non_max_suppression(boxes, peak_scores, min_score, max_overlap)
    return faces[kept], peak_scores[kept]


def non_max_suppression(boxes: np.ndarray, scores: np.ndarray, min_score: float, max_overlap: float) -> np.ndarray:
    """Non-maximum suppression: drops boxes that overlap a box of a higher score.

    Args:
        boxes: `(F, 4)` boxes `(x0, y0, x1, y1)`.
        scores: `(F,)` scores.
        min_score: Boxes of a lower score are dropped, too.
        max_overlap: Largest intersection over union with a box that is kept.

    Returns:
        Indices of the kept boxes, ascending.
    """
    if not len(boxes):
        return np.zeros(0, int)
    corners_and_sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxes(corners_and_sizes.tolist(), scores.tolist(), float(min_score), float(max_overlap))
    return np.sort(np.asarray(kept).astype(int).ravel())
