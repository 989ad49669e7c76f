"""Landmarks drawn on a photo."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from kerasalign.geometry import about, apply_affine, head_rotation, rotation
from kerasalign.markups import Markup
from kerasalign.support.checks import positive

COLORS = {
    "curve": (64, 224, 208),
    "point": (255, 255, 255),
    "outline": (16, 24, 32),
    "box": (255, 214, 10),
    "failed": (255, 99, 71),
}
#: Of the axes x (to the person's left), y (up) and z (forward).
AXES = ((235, 64, 52), (52, 199, 89), (48, 110, 255))
_SHIFT = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel


@dataclass(frozen=True)
class Outline:
    """The attributes of a face that `draw_faces` needs, for landmarks without a `Face`."""

    landmarks: np.ndarray
    box: np.ndarray
    markup: Markup
    failed: bool = False
    angle: float = 0.0
    pose: tuple[float, float, float] = (math.nan, math.nan, math.nan)


def draw_faces(
    image: np.ndarray,
    faces: Iterable,
    *,
    points: bool = True,
    curves: bool = True,
    boxes: bool = False,
    indices: bool = False,
    labels: bool = False,
    axes: bool = False,
    width: float = 1.0,
    color: str | tuple[int, int, int] = COLORS["curve"],
) -> Image.Image:
    """Draws faces on a photo; line widths follow the size of each face.

    Args:
        image: `(H, W, 3)` uint8 RGB photo; it is not changed.
        faces: `Face`s, whose landmarks are in pixels of the photo; NaN points are left out.
        points: Whether to draw the points.
        curves: Whether to join them along the boundaries of their markup.
        boxes: Whether to draw the detector's boxes.
        indices: Whether to write each point's index.
        labels: Whether to write each face's number and, where the model gives it, its estimated error.
        axes: Whether to draw the pose of each head as three axes: red to the person's left, green up, blue forward.
        width: Factor of all line widths and point sizes.
        color: The curves' color: RGB, or any name or code that Pillow knows, such as `"red"` or `"#ff8800"`. A face
            that the model takes for a failure is red.

    Returns:
        The drawing, an RGB `PIL.Image` of the photo's size.

    Raises:
        ValueError: If `image` is no such array, `width` is not positive or `color` is none.
    """
    canvas = np.array(image, order="C")
    if canvas.ndim != 3 or canvas.shape[2] != 3 or canvas.dtype != np.uint8:
        raise ValueError(
            f"`image` must be (H, W, 3) uint8. Received: image of shape {canvas.shape}, dtype {canvas.dtype}"
        )
    positive(width=width)
    curve_color = _rgb(color)
    faces = list(faces)
    for face in faces:
        extent = _extent(face)
        stroke = max(0.007 * extent * width, 0.45)
        radius = max(0.0085 * extent * width, 0.55)
        region = _Region(canvas, face, 4 * radius + 4 * stroke + 0.6 * extent * axes, extent)
        line = COLORS["failed"] if face.failed else curve_color
        if boxes:
            region.paint(COLORS["box"], lambda r, s=stroke, f=face: r.outline(_corners(f), s))
        if curves:
            edges = face.markup.edges
            region.paint(COLORS["outline"], lambda r, s=stroke, f=face, e=edges: r.lines(f, e, 1.9 * s), 0.45)
            region.paint(line, lambda r, s=stroke, f=face, e=edges: r.lines(f, e, s))
        if points:
            inner = COLORS["failed"] if face.failed and not curves else COLORS["point"]
            region.paint(COLORS["outline"], lambda r, s=radius, f=face: r.dots(f.landmarks, 1.45 * s), 0.8)
            region.paint(inner, lambda r, s=radius, f=face: r.dots(f.landmarks, s))
        if axes and not math.isnan(face.pose[0]):
            for color_of_axis, line in _axes(face, extent):
                region.paint(color_of_axis, lambda r, s=2 * stroke, p=line: r.segment(*p, s))
    drawing = Image.fromarray(canvas)
    pen = ImageDraw.Draw(drawing)
    for number, face in enumerate(faces):
        if indices:
            _write_indices(pen, face)
        if labels:
            _write_label(pen, face, number, drawing.size)
    return drawing


class _Region:
    """The part of the canvas that a face covers, painted through masks drawn at a multiple of its size."""

    def __init__(self, canvas: np.ndarray, face, margin: float, extent: float) -> None:
        spots = np.concatenate([_known(face.landmarks), _corners(face)])
        limit = [canvas.shape[1], canvas.shape[0]]
        low = np.clip(np.floor(spots.min(0) - margin), 0, limit).astype(int)
        high = np.clip(np.ceil(spots.max(0) + margin) + 1, 0, limit).astype(int)
        self.part = canvas[low[1] : high[1], low[0] : high[0]]
        self.origin = low
        # Small faces need lines of fractions of a pixel, large faces do not.
        self.factor = int(np.clip(1200 // max(extent, 1), 1, 6))

    def paint(self, color: tuple[int, int, int], drawing, opacity: float = 1.0) -> None:
        """Blends a color over the part, through the mask that `drawing(self)` draws."""
        height, width = self.part.shape[:2]
        if height == 0 or width == 0:
            return
        self.mask = np.zeros((height * self.factor, width * self.factor), "uint8")
        drawing(self)
        cover = cv2.resize(self.mask, (width, height), interpolation=cv2.INTER_AREA)[..., None]
        cover = cover * np.float32(opacity / 255)
        self.part[...] = np.round(self.part * (1 - cover) + np.asarray(color, "float32") * cover)

    def lines(self, face, edges, thickness: float) -> None:
        """Lines between pairs of points."""
        for a, b in edges:
            if np.isfinite(face.landmarks[[a, b]]).all():
                self.segment(face.landmarks[a], face.landmarks[b], thickness)

    def segment(self, start: np.ndarray, end: np.ndarray, thickness: float) -> None:
        """A line between two points."""
        cv2.line(self.mask, self._at(start), self._at(end), 255, self._pixels(thickness), cv2.LINE_AA, _SHIFT)

    def dots(self, points: np.ndarray, radius: float) -> None:
        """Filled circles."""
        for point in _known(points):
            cv2.circle(
                self.mask,
                self._at(point),
                round(radius * self.factor * 2**_SHIFT),
                255,
                cv2.FILLED,
                cv2.LINE_AA,
                _SHIFT,
            )

    def outline(self, corners: np.ndarray, thickness: float) -> None:
        """Closed line through points."""
        line = np.array([self._at(corner) for corner in corners])
        cv2.polylines(self.mask, [line], True, 255, self._pixels(thickness), cv2.LINE_AA, _SHIFT)

    def _at(self, point: np.ndarray) -> tuple[int, int]:
        # Pixel centers are integers, in the mask as in the photo.
        spot = (np.asarray(point) - self.origin + 0.5) * self.factor - 0.5
        x, y = np.round(np.clip(spot, -1e5, 1e5) * 2**_SHIFT)
        return int(x), int(y)

    def _pixels(self, thickness: float) -> int:
        return max(round(thickness * self.factor), 1)


def _rgb(color: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """RGB of a color by name, code or numbers."""
    try:
        values = ImageColor.getrgb(color) if isinstance(color, str) else tuple(int(value) for value in color)
    except (TypeError, ValueError):
        values = ()
    if len(values) < 3 or not all(0 <= value <= 255 for value in values):
        raise ValueError(f"`color` must be three numbers in 0..255 or a color's name. Received: color={color!r}")
    return values[0], values[1], values[2]


def _axes(face, extent: float) -> list[tuple[tuple[int, int, int], tuple[np.ndarray, np.ndarray]]]:
    """Color and ends of the three axes of a head, in the middle of its landmarks; the one in front comes last."""
    turned = head_rotation(*face.pose)
    start = np.nanmean(face.landmarks, 0)
    reach = 0.55 * extent
    order = np.argsort(turned[2])
    return [(AXES[axis], (start, start + reach * turned[:2, axis] * [1, -1])) for axis in order.tolist()]


def _known(points: np.ndarray) -> np.ndarray:
    return points[np.isfinite(points).all(-1)]


def _corners(face) -> np.ndarray:
    """`(4, 2)` corners of a face's box, turned as it is."""
    left, top, right, bottom = np.asarray(face.box, "float64")
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return apply_affine(about(corners.mean(0), rotation(face.angle)), corners)


def _extent(face) -> float:
    """Longer side of the landmarks' tight box; of the face's box where they are too few."""
    known = _known(face.landmarks)
    spread = float(np.ptp(known, axis=0).max()) if len(known) > 1 else 0.0
    return spread or float(max(face.box[2] - face.box[0], face.box[3] - face.box[1]))


def _write_indices(pen: ImageDraw.ImageDraw, face) -> None:
    size = max(0.028 * _extent(face), 7)
    font = ImageFont.load_default(size)
    for index, point in enumerate(face.landmarks):
        if np.isfinite(point).all():
            place = tuple(point + 0.35 * size)
            pen.text(
                place, str(index), COLORS["point"], font, stroke_width=max(size / 10, 1), stroke_fill=COLORS["outline"]
            )


def _write_label(pen: ImageDraw.ImageDraw, face, number: int, limit: tuple[int, int]) -> None:
    size = min(max(0.075 * _extent(face), 9), 48)
    text = f"{number}" if math.isnan(face.error) else f"{number}  {face.error:.1f} %"
    font = ImageFont.load_default(size)
    known = np.concatenate([_known(face.landmarks), _corners(face)])
    width, height = pen.textbbox((0, 0), text, font)[2:]
    pad = 0.25 * size
    left = float(np.clip(known[:, 0].min(), 0, max(limit[0] - width - 2 * pad, 0)))
    top = float(np.clip(known[:, 1].min() - height - 3 * pad, 0, max(limit[1] - height - 2 * pad, 0)))
    pen.rounded_rectangle(
        (left, top, left + width + 2 * pad, top + height + 2 * pad),
        pad,
        COLORS["failed"] if face.failed else COLORS["outline"],
    )
    pen.text((left + pad, top + pad), text, COLORS["point"], font)
