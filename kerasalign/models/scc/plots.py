"""Pictures of the graphs of landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from kerasalign.geometry import CropSpec, tight_box
from kerasalign.plots.draw import COLORS
from kerasalign.plots.style import PAPER

_EDGE = (255, 170, 60)
_FINEST = 1600


def draw_graph(
    weights: np.ndarray,
    landmarks: np.ndarray,
    image: np.ndarray | None = None,
    color: tuple[int, int, int] = _EDGE,
    width: float = 1.0,
    size: int = 640,
) -> Image.Image:
    """Draws the edges of a graph between landmarks, the more opaque the higher their weight.

    An edge between two points shows the larger of its two directions. The brightness of a point is the weight that it
    gives itself: a point that takes much from others is dark.

    Args:
        weights: `(N, N)` in 0..1, such as a row of `SCC.predict_adjacency`, or the booleans of a static graph.
        landmarks: `(N, 2)`, x then y, in pixels of `image`; in any unit without one. NaN points are left out.
        image: `(H, W, 3)` uint8 RGB crop or photo; `None` draws on an empty sheet.
        color: RGB of the edges.
        width: Factor of all line widths and point sizes.
        size: Side of the empty sheet in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: If the arguments do not fit each other.

    Example:

        adjacency = model.predict_adjacency(crops)
        draw_graph(adjacency[0], model.predict_crops(crops)["landmarks"][0], crops[0]).save("graph.png")
    """
    weights, landmarks = np.asarray(weights, "float64"), np.asarray(landmarks, "float64")
    count = len(landmarks)
    if landmarks.shape != (count, 2) or weights.shape != (count, count):
        raise ValueError(
            f"`weights` must be (N, N) and `landmarks` (N, 2). Received: shapes {weights.shape} and {landmarks.shape}"
        )
    if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1):
        raise ValueError(f"`weights` must be in 0..1. Received: weights from {weights.min()} to {weights.max()}")
    if not width > 0:
        raise ValueError(f"`width` must be positive. Received: width={width!r}")
    if image is None:
        spec = CropSpec(size=size, scale=1.15)
        landmarks = spec.to_crop(spec.transform(tight_box(landmarks)), landmarks)
        image = np.full((size, size, 3), PAPER, "uint8")
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"`image` must be (H, W, 3) uint8. Received: shape {image.shape}, dtype {image.dtype}")

    # Thin lines on small crops need fractions of a pixel.
    factor = int(np.clip(_FINEST // max(image.shape[:2]), 1, 4))
    known = np.asarray(np.isfinite(landmarks).all(-1))
    extent = float(np.ptp(landmarks[known], axis=0).max()) if known.sum() > 1 else float(len(image))
    spots = np.where(known[:, None], (landmarks + 0.5) * factor - 0.5, 0).round().astype(int)
    edges = np.zeros([side * factor for side in image.shape[:2]], "uint8")
    both = np.maximum(weights, weights.T)
    pairs = np.argwhere(np.triu(both, 1) > 0)
    # The heaviest last, so that they lie on top.
    for i, j in pairs[np.argsort(both[tuple(pairs.T)], kind="stable")]:
        if known[i] and known[j]:
            cv2.line(
                edges,
                tuple(map(int, spots[i])),
                tuple(map(int, spots[j])),
                float(255 * both[i, j]),
                max(round(0.009 * extent * width * factor), 1),
                cv2.LINE_AA,
            )
    picture = _blend(image, edges, color)
    radius = max(0.011 * extent * width * factor, 1.0)
    for part, share, grow in ((COLORS["outline"], None, 1.5), (COLORS["point"], np.diag(weights), 1.0)):
        dots = np.zeros_like(edges)
        for i in np.flatnonzero(known):
            level = 255 if share is None else 60 + 195 * share[i]
            cv2.circle(dots, tuple(map(int, spots[i])), round(radius * grow), float(level), cv2.FILLED, cv2.LINE_AA)
        picture = _blend(picture, dots, part)
    return Image.fromarray(picture)


def _blend(image: np.ndarray, mask: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    height, width = image.shape[:2]
    cover = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)[..., None] * np.float32(1 / 255)
    return np.round(image * (1 - cover) + np.array(color, "float32") * cover).astype("uint8")
