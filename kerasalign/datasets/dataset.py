"""Base class of the data sets: reading a split, checking a folder."""

from __future__ import annotations

import inspect
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.sample import FaceSample
from kerasalign.support.checks import one_of, shown

#: Coordinates of photos are smaller, and names of faces shorter: file systems allow 255 for a part of a path.
FARTHEST, MOST_NAME = 1e5, 1000

Finding = FaceSample | DatasetError | DatasetNote

logger = logging.getLogger(__name__)


class Dataset(ABC):
    """A data set: its splits and its layout on disk.

    A subclass yields the faces of a split. For a face that it cannot read it yields a `DatasetError`, and a
    `DatasetNote` for a fault that costs no face. This class decides whether faults are raised, logged or listed.

    Attributes:
        name: Short name, such as `"300w"`.
        markup: Name of the markup of its landmarks.
        splits: Official number of faces of each split; `None` where there is no official number.
        aliases: Other names of splits.
        folders: Official number of faces of each part that `attributes["folder"]` names; empty where the
            data set has no parts.
        count_options: Options with which the reader gives every face, for counting.
    """

    name: str
    markup: str
    splits: Mapping[str, int | None]
    aliases: Mapping[str, str] = {}
    folders: Mapping[str, int] = {}
    count_options: Mapping[str, object] = {}

    @abstractmethod
    def recognize(self, root: Path) -> bool:
        """Whether a folder looks like this data set."""

    @abstractmethod
    def faces(self, root: Path, split: str, **options) -> Iterator[Finding]:
        """The faces of a split in a stable order; a broken face gives the error in its place."""

    @abstractmethod
    def missing(self, root: Path, split: str) -> list[str]:
        """Missing files and folders of the official layout that a split needs."""

    def findings(self, root: Path, split: str, **options) -> Iterator[Finding]:
        """The faces of a split as `faces` gives them, and an error for each that no photo can have.

        What a reader raises on a file that nobody thought of becomes an error of the data set; the faces after it are
        then lost.
        """
        try:
            for finding in self.faces(root, split, **options):
                yield _impossible(root, finding) or finding
        except DatasetError:
            raise
        except Exception as error:
            yield DatasetError(root, f"the reader cannot go on ({type(error).__name__}: {shown(str(error))})")

    @property
    def options(self) -> dict[str, object]:
        """Options of this data set's reader with their defaults."""
        _root, _split, *given = inspect.signature(self.faces).parameters.values()
        return {option.name: option.default for option in given}

    def read(
        self,
        root: str | os.PathLike,
        split: str = "train",
        on_error: Literal["raise", "skip"] = "raise",
        exclude: Collection[str] = (),
        **options,
    ) -> list[FaceSample]:
        """Reads the faces of a split, in a stable order.

        Args:
            root: Folder of the data set. A part that is absent is logged; what is there is read.
            split: Name of a split.
            on_error: `"raise"` stops at the first broken face with its file and line, `"skip"` logs each and
                goes on.
            exclude: Names of faces to leave out.
            **options: Options of this data set's reader.

        Returns:
            The faces; never an empty list.

        Raises:
            DatasetError: If a face is broken and `on_error` is `"raise"`, or the split holds no face at all.
            FileNotFoundError: If `root` does not exist.
            ValueError: If an argument has a wrong value.
        """
        one_of("on_error", on_error, ("raise", "skip"))
        self.check_options(options)
        root = self.check_root(root)
        split = self.check_split(root, split)
        missing = self.missing(root, split)
        if missing:
            logger.warning("%s %s: not in %s: %s", self.name, split, root, ", ".join(missing))
        samples, excluded = [], set(exclude)
        for face in self.findings(root, split, **options):
            if isinstance(face, FaceSample):
                if face.name not in excluded:
                    samples.append(face)
            elif isinstance(face, DatasetNote):
                logger.warning("%s %s: %s", self.name, split, face)
            elif on_error == "raise":
                raise face
            else:
                logger.warning("%s %s: left out: %s", self.name, split, face)
        if not samples:
            absent = f"; not there: {', '.join(missing)}" if missing else ""
            raise DatasetError(root, f"no face of {self.name} split '{split}' can be read here{absent}")
        return samples

    def check_options(self, options: Collection[str]) -> None:
        """Raises unless the reader takes options of these names.

        Raises:
            ValueError: If there is one that it does not take.
        """
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            raise ValueError(
                f"The reader of {self.name} takes the options {['exclude', *self.options]}. Received: {unknown}"
            )

    def check_root(self, root: str | os.PathLike) -> Path:
        """The folder of the data set as a path.

        Raises:
            FileNotFoundError: If it does not exist.
        """
        path = Path(root).expanduser()
        if not path.exists():
            raise FileNotFoundError(
                f"`root` must be the folder of {self.name}; that path does not exist. Received: root={str(root)!r}"
            )
        return path

    def splits_of(self, root: Path) -> Mapping[str, int | None]:
        """The splits that can be asked for in a folder, with their official numbers."""
        return self.splits

    def check_split(self, root: Path, split: str) -> str:
        """The split's own name.

        Raises:
            ValueError: If the data set has no such split.
        """
        split_name = self.aliases.get(split, split)
        splits = self.splits_of(root)
        if split_name not in splits:
            one_of("split", split, [*splits, *self.aliases], f"for {self.name}")
        return split_name

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, markup={self.markup!r}, splits={list(self.splits)})"


def _impossible(root: Path, finding: Finding) -> DatasetError | None:
    """The error of a face that no photo can have; `None` for any other."""
    if not isinstance(finding, FaceSample):
        return None
    if len(finding.name) > MOST_NAME:
        return DatasetError(root, f"a name has {len(finding.name):,} characters: {finding.name[:40]!r}...")
    values = [finding.landmarks, *finding.boxes.values()]
    largest = max((float(np.nanmax(np.abs(value))) for value in values if np.isfinite(value).any()), default=0.0)
    if not largest < FARTHEST:
        return DatasetError(root, f"face {finding.name} has a coordinate of {largest:.6g}, which no photo has")
    return None
