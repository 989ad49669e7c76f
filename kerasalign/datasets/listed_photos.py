"""The base of readers of files in which an annotation tool lists photos and their faces."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.markups import get_markup

# What damaged content raises in the parsers.
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError)


class ListedPhotos(OwnPoints):
    """A user's own points in files that each list several photos.

    A split `train` is `train` with the tool's suffix; `"all"` is every file of the folder, and the data may also be one
    file. Subclasses say how such a file is read.
    """

    #: Name of the tool, for messages.
    tool: ClassVar[str]
    #: Suffix of its files.
    suffix: ClassVar[str]

    @abstractmethod
    def entries(self, path: Path) -> Iterable[Any]:
        """What a file holds of each photo."""

    @abstractmethod
    def listed(self, entry: Any) -> str:
        """Name of the photo as the file has it."""

    @abstractmethod
    def labeled(self, entry: Any) -> tuple[list[LabeledFace], tuple[int, int] | None]:
        """The faces of a photo, and its width and height where the file has them."""

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, self.suffix)

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        scheme = get_markup(markup)
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split not in ("all", subset):
                continue
            folder = path.parent if images is None else Path(images)
            try:
                entries = list(self.entries(path))
            except DatasetError as error:
                yield error
                continue
            except _DAMAGED as error:
                yield DatasetError(path, f"not a file of {self.tool} ({error!r})")
                continue
            for index, entry in enumerate(entries):
                place = f"entry {index}"
                try:
                    name = self.listed(entry)
                    place = f"photo {name!r}"
                    faces, size = self.labeled(entry)
                except _DAMAGED as error:
                    yield DatasetError(path, f"{place}: annotations that cannot be read ({error})")
                    continue
                yield from faces_of_photo(
                    path, find_listed_photo(folder, name), name, faces, scheme, subset, taken, size
                )
