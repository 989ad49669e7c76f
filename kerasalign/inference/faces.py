"""The aligned faces of one photo."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from kerasalign.inference.exporters.mixin import Exportable
from kerasalign.inference.face import Face
from kerasalign.inference.photograph import Photograph
from kerasalign.inference.serialize import json_text, source_path
from kerasalign.inference.showable import Showable
from kerasalign.markups import Markup, get_markup
from kerasalign.support.files import write_json
from kerasalign.support.images import source_name

if TYPE_CHECKING:
    from PIL import Image


class Faces(Showable, Exportable, Sequence[Face]):
    """The faces of one photo, in the detector's order; empty where there is none.

    Args:
        faces: The faces.
        markup: Markup of their landmarks.
        source: The photo as it was given to `align`.
        size: `(width, height)` of the photo in pixels.
        image: The photo's pixels, `(H, W, 3)` uint8 RGB; without them the attribute `image` reads the source again.
        problem: Why the photo could not be read; empty for a photo that was read.
    """

    def __init__(
        self,
        faces: Sequence[Face],
        markup: str | Markup,
        source: Any = None,
        size: tuple[int, int] = (0, 0),
        image: np.ndarray | None = None,
        problem: str = "",
    ) -> None:
        self.markup = get_markup(markup)
        self.source = source
        self.size = size
        self.problem = problem
        self._photo = Photograph(source, size, image)
        self._faces = [replace(face, photo=self._photo) for face in faces]

    def __len__(self) -> int:
        return len(self._faces)

    @overload
    def __getitem__(self, index: int) -> Face: ...

    @overload
    def __getitem__(self, index: slice) -> Faces: ...

    def __getitem__(self, index: int | slice) -> Face | Faces:
        if isinstance(index, slice):
            return self._with(self._faces[index], self.markup)
        return self._faces[index]

    @property
    def image(self) -> np.ndarray:
        """The photo, `(H, W, 3)` uint8 RGB, upright.

        Raises:
            ImageError: If the pixels were not kept and the source cannot be read.
        """
        return self._photo.read()

    @property
    def landmarks(self) -> np.ndarray:
        """`(F, N, 2)` float64 in pixels of the photo."""
        return np.array([face.landmarks for face in self]).reshape(-1, self.markup.num_points, 2)

    @property
    def boxes(self) -> np.ndarray:
        """`(F, 4)` float64 boxes `(x0, y0, x1, y1)` of the detector, in pixels of the photo."""
        return np.array([face.box for face in self]).reshape(-1, 4)

    def to(self, markup: str | Markup) -> Faces:
        """The faces in another markup.

        Raises:
            ValueError: If this markup knows no conversion to it.
        """
        target = get_markup(markup)
        self.markup.convert(self.markup.mean_shape, target.name)  # raises for a photo without faces, too
        return self._with([face.to(target) for face in self], target)

    def with_landmarks(self, landmarks: np.ndarray) -> Faces:
        """The same faces with other landmarks.

        Args:
            landmarks: `(F, N, 2)` in pixels of the photo.

        Raises:
            ValueError: If there are not as many faces.
        """
        if len(landmarks) != len(self):
            raise ValueError(f"`landmarks` must be of {len(self)} faces. Received: {len(landmarks)}")
        return self._with([replace(face, landmarks=points) for face, points in zip(self, landmarks)], self.markup)

    def draw(self, **options: Any) -> Image.Image:
        """The photo with its faces drawn.

        Args:
            **options: As in `kerasalign.plots.draw.draw_faces`.
        """
        from kerasalign.plots.draw import draw_faces

        return draw_faces(self.image, self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The faces as plain values, ready for JSON."""
        return {
            "source": source_path(self.source),
            "width": int(self.size[0]),
            "height": int(self.size[1]),
            "markup": self.markup.name,
            "problem": self.problem,
            "faces": [face.to_dict() for face in self],
        }

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The faces as JSON text.

        Args:
            path: A file to write as well.
        """
        document = self.to_dict()
        text = json_text(document)
        if path is not None:
            write_json(path, document)
        return text

    def _photos(self) -> Iterator[Faces]:
        yield self

    def _with(self, faces: list[Face], markup: Markup) -> Faces:
        return Faces(faces, markup, self.source, self.size, self._photo.image, self.problem)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._faces = [replace(face, photo=self._photo) for face in self._faces]

    def __repr__(self) -> str:
        count = f"{len(self)} face{'' if len(self) == 1 else 's'}"
        state = f"not read: {self.problem}" if self.problem else f"{self.size[0]}x{self.size[1]} px"
        return f"Faces({count}, markup={self.markup.name!r}, {state}, source={source_name(self.source)})"
