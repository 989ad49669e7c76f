"""A contact sheet of renders with their landmarks, to check labels by eye."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.markups import get_markup
from kerasalign.synth.dataset.labels import labels_of
from kerasalign.synth.dataset.series import Series
from kerasalign.synth.rendering.picture import render
from kerasalign.synth.rendering.scene import draw_scene


def landmark_sheet(
    series: Series, count: int = 12, side: int = 384, columns: int = 4, markup: str = "68"
) -> np.ndarray:
    """The first faces of a series with their landmarks, and below each its eyes and its mouth enlarged.

    A green dot is seen, a red one is hidden.

    Args:
        series: What to render; its `size` is that of the pictures before they are enlarged.
        count: Number of faces.
        side: Side of a face on the sheet in pixels.
        columns: Faces in a row.
        markup: Markup of the landmarks.

    Returns:
        `(H, W, 3)` uint8 RGB.
    """
    head = series.load_head()
    cells = []
    for index in range(count):
        scene = draw_scene(head, series.scene, series.seed, index)
        made = render(head, scene, series.size)
        labels = labels_of(head, scene, made, markups=(markup,))
        points, seen = labels.points[markup], labels.visible[markup]
        whole = _drawn(made.image, points, seen, np.array([[0, 0], [series.size] * 2]) - 0.5, (side, side))
        parts = [
            _drawn(made.image, points, seen, _around(points[part], 2.0), (side // 2, side // 4))
            for part in _enlarged(markup)
        ]
        cells.append(np.concatenate([whole, np.concatenate(parts, 1)]))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return np.concatenate(rows)


def _enlarged(markup: str) -> list[list[int]]:
    """Points of the eyes and of the mouth."""
    parts = get_markup(markup).parts
    return [[i for name in names for i in parts[name]] for names in (("right_eye", "left_eye"), ("mouth",))]


def _around(points: np.ndarray, aspect: float) -> np.ndarray:
    """`(2, 2)` corners of a box of that aspect around points, with a margin."""
    low, high = points.min(0), points.max(0)
    width = 1.4 * max(high[0] - low[0], aspect * (high[1] - low[1]))
    half = np.array([width, width / aspect]) / 2
    return np.stack([(low + high) / 2 - half, (low + high) / 2 + half])


def _drawn(
    image: np.ndarray, points: np.ndarray, seen: np.ndarray, box: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """The part of a picture in a box, enlarged, with dots."""
    scale = np.array(size) / (box[1] - box[0])
    matrix = np.array([[scale[0], 0, -scale[0] * box[0, 0] - 0.5], [0, scale[1], -scale[1] * box[0, 1] - 0.5]])
    out = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    for (x, y), visible in zip(points @ matrix[:, :2].T + matrix[:, 2], seen):
        # Coordinates in sixteenths: a dot may lie between pixels.
        color = (0, 255, 0) if visible else (255, 0, 0)
        cv2.circle(out, (round(16 * x), round(16 * y)), 30, color, -1, cv2.LINE_AA, 4)
    return out
