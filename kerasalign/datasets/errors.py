"""Errors and notes of data set readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DatasetError(ValueError):
    """A file of a data set that cannot be used, with its place and the reason.

    Args:
        path: The file or folder.
        reason: What is wrong and what was expected.
        line: Line of a text file, from 1; `None` where there is no line to name.
    """

    def __init__(self, path: Path | str, reason: str, line: int | None = None):
        super().__init__(path, reason, line)  # All of the arguments, so that the error can be pickled.
        self.path = Path(path)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        return f"{place}: {self.reason}"


@dataclass(frozen=True)
class DatasetNote:
    """A fault that costs no face, such as a box file that names other photos. It is logged, never raised.

    Args:
        path: The file or folder.
        reason: What is wrong.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
