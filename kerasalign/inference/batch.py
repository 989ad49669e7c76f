"""The aligned faces of many photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from kerasalign.inference.faces import Faces
from kerasalign.inference.serialize import json_text
from kerasalign.markups import Markup
from kerasalign.support.files import write_json


class PhotoError(NamedTuple):
    """A photo of a batch that could not be read.

    Args:
        index: Its index in the batch.
        source: The photo as it was given to `align`.
        reason: Why it could not be read.
    """

    index: int
    source: Any
    reason: str


class Batch(Sequence[Faces]):
    """The `Faces` of many photos, one per photo, in their order.

    A photo that could not be read has empty `Faces` whose `problem` says why; `errors` lists these photos.

    Args:
        photos: The faces of each photo.
    """

    def __init__(self, photos: Sequence[Faces]) -> None:
        self._photos = list(photos)

    def __len__(self) -> int:
        return len(self._photos)

    @overload
    def __getitem__(self, index: int) -> Faces: ...

    @overload
    def __getitem__(self, index: slice) -> Batch: ...

    def __getitem__(self, index: int | slice) -> Faces | Batch:
        return Batch(self._photos[index]) if isinstance(index, slice) else self._photos[index]

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

    def __repr__(self) -> str:
        return f"Batch({len(self)} photos, {sum(map(len, self))} faces, {len(self.errors)} errors)"
