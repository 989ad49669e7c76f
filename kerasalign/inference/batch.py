"""The aligned faces of many photos."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from kerasalign.inference.exporters.mixin import Exportable
from kerasalign.inference.faces import Faces
from kerasalign.inference.serialize import json_text, source_path, source_stem
from kerasalign.inference.showable import Showable
from kerasalign.markups import Markup
from kerasalign.support.files import numbered, write_json

if TYPE_CHECKING:
    from PIL import Image


class PhotoError(NamedTuple):
    """A photo of a batch that could not be read.

    Attributes:
        index: Its index in the batch.
        source: The photo as it was given to `align`.
        reason: Why it could not be read.
    """

    index: int
    source: Any
    reason: str


class Batch(Showable, Exportable, Sequence[Faces]):
    """The `Faces` of many photos, one per photo, in their order.

    A photo that could not be read has empty `Faces` whose `problem` says why; `errors` lists these photos.

    Args:
        photos: The faces of each photo.
    """

    def __init__(self, photos: Sequence[Faces]) -> None:
        self._items = list(photos)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Faces: ...

    @overload
    def __getitem__(self, index: slice) -> Batch: ...

    def __getitem__(self, index: int | slice) -> Faces | Batch:
        return Batch(self._items[index]) if isinstance(index, slice) else self._items[index]

    @property
    def errors(self) -> list[PhotoError]:
        """The photos that could not be read."""
        return [PhotoError(i, photo.source, photo.problem) for i, photo in enumerate(self) if photo.problem]

    def to(self, markup: str | Markup) -> Batch:
        """The faces in another markup.

        Raises:
            ValueError: If this markup knows no conversion to it.
        """
        return Batch([photo.to(markup) for photo in self])

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The faces as JSON text, a list with one item per photo.

        Args:
            path: A file to write as well.
        """
        document = [photo.to_dict() for photo in self]
        text = json_text(document)
        if path is not None:
            write_json(path, document)
        return text

    def draw(self, columns: int = 4, tile: int = 240, most: int = 24, **options: Any) -> Image.Image:
        """The photos with their faces drawn, side by side.

        Args:
            columns: Photos in a row.
            tile: Longer side of a photo there, in pixels.
            most: Largest number of photos; the first ones.
            **options: As in `kerasalign.plots.draw.draw_faces`.

        Raises:
            ValueError: If there is no photo.
            ImageError: If the pixels of a photo were not kept and it cannot be read again.
        """
        from kerasalign.plots.grid import picture_grid

        shown = self._items[:most]
        pictures = (None if faces.problem else faces.draw(**options) for faces in shown)
        titles = [source_path(faces.source) or f"{index}" for index, faces in enumerate(shown)]
        return picture_grid(pictures, titles, columns, tile)

    def save(self, path: str | os.PathLike[str], **options: Any) -> list[Path]:
        """Draws each photo and writes it into a folder, as `NAME.png`; photos that could not be read are left out.

        Args:
            path: The folder; it is made.
            **options: As in `kerasalign.plots.draw.draw_faces`.

        Returns:
            The files.
        """
        files, taken = [], Counter()
        for faces in self:
            if not faces.problem:
                name = numbered(source_stem(faces.source), taken)
                files += faces.save(Path(path) / f"{name}.png", **options)
        return files

    def _photos(self) -> Iterator[Faces]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"Batch({len(self)} photos, {sum(map(len, self))} faces, {len(self.errors)} errors)"
