"""A user's own photos with a `.pts` file each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.own_points import OwnPoints
from kerasalign.datasets.photos import find_photo, list_photos
from kerasalign.datasets.pts import read_pts
from kerasalign.datasets.sample import FaceSample
from kerasalign.markups import get_markup


class PtsFolder(OwnPoints):
    """Photos with a `.pts` file of the same name beside each: `photo_1.jpg`, `photo_1.pts`.

    A split is a sub-folder; `"all"` is the folder with all its sub-folders. A face is named by its path:
    `"train/photo_1"`. Points count pixels from 1, as `.pts` files do.

    Reader options: `markup` (`"68"`), the name of a registered markup.
    """

    name = "pts"

    def recognize(self, root: Path) -> bool:
        if (root / "synth.json").is_file():
            return False  # renders are a data set of their own
        return root.is_dir() and any(path.suffix.lower() == ".pts" for path in root.rglob("*"))

    def sources(self, root: Path) -> Mapping[str, Path]:
        return {path.name: path for path in sorted(root.iterdir()) if path.is_dir()} if root.is_dir() else {}

    def faces(self, root: Path, split: str, markup: str = "68") -> Iterator[Finding]:
        scheme = get_markup(markup)
        start = root if split == "all" else self.sources(root)[split]
        for folder in sorted((start, *(path for path in start.rglob("*") if path.is_dir()))):
            photos = list_photos(folder)
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() != ".pts" or path.name.startswith("."):
                    continue
                try:
                    photo, landmarks = find_photo(path, photos, path.stem), read_pts(path, scheme.num_points)
                except DatasetError as error:
                    yield error
                    continue
                name = path.relative_to(root).with_suffix("").as_posix()
                yield FaceSample(photo, landmarks, scheme.name, name, attributes={"subset": split})
