"""One aligned face."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.geometry import CropSpec, apply_affine, box_from_center
from kerasalign.inference.exporters.mixin import Exportable
from kerasalign.inference.photograph import Photograph
from kerasalign.inference.pose import Pose, solve_pose
from kerasalign.inference.serialize import plain
from kerasalign.inference.showable import Showable
from kerasalign.markups import Markup, get_markup
from kerasalign.support.checks import at_least

if TYPE_CHECKING:
    from PIL import Image

    from kerasalign.inference.faces import Faces


@dataclass(frozen=True, eq=False, repr=False)
class Face(Showable, Exportable):
    """One aligned face.

    Args:
        landmarks: `(N, 2)` float64, x then y, in pixels of the photo (0-based pixel centers).
        box: `(x0, y0, x1, y1)` of the detector, in pixels of the photo.
        markup: Markup of the landmarks: what each point means.
        score: The detector's score; 1.0 for a given box.
        error: The model's estimate of its own error; NaN where the model gives none. For a preset with a calibration it
            is the NME to expect, in percent of the distance of the outer eye corners. Otherwise it is in the unit of
            the network; MuSiCa's is the mean L1 distance of the points over the L1 distance of the outer eye corners,
            in percent, about 1.3 times the inter-ocular NME.
        iterations: Number of iterations that the model ran; 0 where it does not say.
        failed: Whether `error` is above the failure threshold, of the calibration or of the model itself. So is every
            face with a landmark that is NaN or infinite.
        confidence: `(N,)` in 0..1; its meaning depends on the model. without it, the default, NaN for every point.
        angle: Rotation of the box about its center in degrees, clockwise; 0 where the detector does not say.
        photo: The photo that the face is in; `Faces` gives it to its faces.
    """

    landmarks: np.ndarray
    box: np.ndarray
    markup: Markup
    score: float = 1.0
    error: float = math.nan
    iterations: int = 0
    failed: bool = False
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(0))
    angle: float = 0.0
    photo: Photograph | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "markup", get_markup(self.markup))
        points = np.asarray(self.landmarks, "float64")
        n = self.markup.num_points
        if points.shape != (n, 2):
            raise ValueError(
                f"`landmarks` of markup '{self.markup.name}' must be ({n}, 2). "
                f"Received: landmarks of shape {points.shape}"
            )
        confidence = np.asarray(self.confidence, "float64") if np.size(self.confidence) else np.full(n, np.nan)
        if confidence.shape != (n,):
            raise ValueError(f"`confidence` must be ({n},). Received: confidence of shape {confidence.shape}")
        values = {
            "landmarks": points,
            "box": np.asarray(self.box, "float64"),
            "confidence": confidence,
            "score": float(self.score),
            "error": float(self.error),
            "iterations": int(self.iterations),
            "failed": bool(self.failed) or not np.isfinite(points).all(),
            "angle": float(self.angle),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @cached_property
    def pose(self) -> Pose:
        """Yaw, pitch and roll of the head in degrees, from the landmarks; NaN where they do not say.

        Positive yaw turns the face to the picture's right, positive pitch looks up, positive roll tips the head
        clockwise as seen. They are relative to the line from the camera to the face. NaN: its markup has no 3D points,
        or its landmarks are too few or not those of a head; see `kerasalign.inference.pose`.
        """
        return solve_pose(self.landmarks, self.markup)

    def chip(self, size: int = 256, scale: float = 1.6) -> Image.Image:
        """The face cut out of the photo, upright, by the box of its landmarks.

        Args:
            size: Side of the square in pixels.
            scale: Side of the square in units of the longer side of the landmarks' box.

        Returns:
            An RGB `PIL.Image` of `size` x `size`; black where the photo ends.

        Raises:
            ValueError: If `size` is less than 1, `scale` is not positive, or the face does not know its photo.
            ImageError: If the photo's pixels were not kept and it cannot be read again.
        """
        from PIL import Image

        return Image.fromarray(self._cut(size, scale)[0])

    def draw(self, size: int = 256, scale: float = 1.6, **options: Any) -> Image.Image:
        """The upright face with its landmarks drawn.

        Args:
            size: As for `chip`.
            scale: As for `chip`.
            **options: As in `kerasalign.plots.draw.draw_faces`.
        """
        from kerasalign.plots.draw import draw_faces

        chip, matrix = self._cut(size, scale)
        middle = np.full(2, (size - 1) / 2)
        box = box_from_center(middle, size / scale)
        upright = replace(self, landmarks=apply_affine(matrix, self.landmarks), box=box, angle=0.0)
        return draw_faces(chip, [upright], **options)

    def _cut(self, size: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """The pixels of `chip`, and the map from the photo to them."""
        at_least(1, size=size)
        spec = CropSpec(size=size, scale=scale)
        if self.photo is None:
            raise ValueError("`chip` needs the photo: take the face from `Faces`. Received: a face without its photo")
        try:
            box, angle = self.markup.upright_box(self.landmarks)
        except ValueError:  # they coincide, or most are unknown
            box, angle = self.box, self.angle
        return spec.extract(self.photo.read(), box, angle)

    def _photos(self) -> Iterator[Faces]:
        from kerasalign.inference.faces import Faces

        photo = self.photo or Photograph(None)
        yield Faces([self], self.markup, photo.source, photo.size, photo.image)

    def to(self, markup: str | Markup) -> Face:
        """The face in another markup. Each new point is the mean of a group of old ones, and so is its confidence.

        Raises:
            ValueError: If this markup knows no conversion to it.
        """
        target = get_markup(markup)
        confidence = self.markup.convert(self.confidence[:, None], target.name)[:, 0]
        landmarks = self.markup.convert(self.landmarks, target.name)
        return replace(self, landmarks=landmarks, markup=target, confidence=confidence)

    def part(self, name: str) -> np.ndarray:
        """The `(K, 2)` points of a part, such as `"mouth"`.

        Raises:
            ValueError: If the markup has no such part.
        """
        if name not in self.markup.parts:
            raise ValueError(
                f"Markup '{self.markup.name}' has the parts {list(self.markup.parts)}. Received: name={name!r}"
            )
        return self.landmarks[list(self.markup.parts[name])]

    def to_dict(self) -> dict[str, Any]:
        """The face as plain values, ready for JSON; unknown values are `None`."""
        return {
            "markup": self.markup.name,
            "box": plain(self.box),
            "angle": plain(self.angle),
            "score": plain(self.score),
            "error": plain(self.error),
            "iterations": self.iterations,
            "failed": self.failed,
            "landmarks": plain(self.landmarks),
            "confidence": plain(self.confidence) if np.isfinite(self.confidence).any() else None,
            "pose": None if math.isnan(self.pose.yaw) else {key: plain(v) for key, v in self.pose._asdict().items()},
        }

    def __getstate__(self) -> dict[str, Any]:
        # A pickled or copied face does not take the whole photo along; `Faces` gives it back to its own.
        return self.__dict__ | {"photo": None}

    def __repr__(self) -> str:
        error = "" if math.isnan(self.error) else f", error={self.error:.2f}%"
        return (
            f"Face({self.markup.num_points} points, box={np.round(self.box, 1).tolist()}, "
            f"score={self.score:.3f}{error}{', failed' if self.failed else ''})"
        )
