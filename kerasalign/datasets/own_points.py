"""Base class of the formats for a user's own data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from kerasalign.datasets.dataset import Dataset


class OwnPoints(Dataset):
    """A user's own photos and points, of any registered markup.

    A split `train` is the folder or file of that name in the data's folder; the split `"all"` is everything.
    There are no official numbers.
    """

    markup = "68"
    splits: ClassVar = {"all": None}

    @abstractmethod
    def sources(self, root: Path) -> Mapping[str, Path]:
        """Split name to the folder or file that holds it."""

    def splits_of(self, root: Path) -> Mapping[str, int | None]:
        return {"all": None, **dict.fromkeys(self.sources(root))}

    def missing(self, root: Path, split: str) -> list[str]:
        return []


def files_by_split(root: Path, suffix: str) -> dict[str, Path]:
    """Stem to file for the files of a kind in a folder, or for the one file that `root` is."""
    files = [root] if root.is_file() else sorted(root.iterdir())
    files = [path for path in files if path.suffix.lower() == suffix and not path.name.startswith(".")]
    return {path.stem: path for path in files}


def unique_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken: a photo may hold several faces."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}#{number}"
    taken.add(candidate)
    return candidate
