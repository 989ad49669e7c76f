"""The aligned faces of many photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from kerasalign.inference.faces import Faces
from kerasalign.inference.serialise import write_json
from kerasalign.markups import Markup


class PhotoError(NamedTuple):
    """A photo of a batch that could not be read: its place in the batch, the source, and why."""

    index: int
    source: object
    reason: str


class Batch(Sequence):
    """The `Faces` of many photos, one per photo in their order.

    A photo that could not be read holds its place with empty `Faces` whose `problem` says why; `errors` lists
    these.
    """

    def __init__(self, photos: Sequence[Faces]) -> None:
        self._photos = list(photos)

    def __len__(self) -> int:
        return len(self._photos)

    def __getitem__(self, index):
        return Batch(self._photos[index]) if isinstance(index, slice) else self._photos[index]

    @property
    def errors(self) -> list[PhotoError]:
        """The photos that could not be read."""
        return [PhotoError(i, photo.source, photo.problem) for i, photo in enumerate(self) if photo.problem]

    def to(self, markup: str | Markup) -> Batch:
        """The faces in another markup."""
        return Batch([photo.to(markup) for photo in self])

    def to_json(self, path: str | os.PathLike | None = None) -> str:
        """JSON text, a list with one item per photo; also written to a file if a path is given."""
        return write_json([photo.to_dict() for photo in self], path)

    def __repr__(self) -> str:
        return f"Batch({len(self)} photos, {sum(map(len, self))} faces, {len(self.errors)} errors)"
