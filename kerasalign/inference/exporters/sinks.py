"""Where results go while photos are aligned: each is in the file before the next photo, so that a stop loses none."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from kerasalign.support.json_lines import JsonLines

if TYPE_CHECKING:
    from kerasalign.inference.faces import Faces


class Sink(Protocol):
    """A file of results. As a context manager it opens the file, which fails before any work if it cannot be written.

    At the end of the block the file is complete, also where an error, Ctrl-C or a signal ends it.
    """

    path: Path

    def write(self, faces: Faces) -> None:
        """Adds the faces of one photo."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class JsonLinesSink:
    """Results as JSON lines: the `to_dict` of each photo in a line.

    Args:
        path: The file; it is replaced.

    Raises:
        OSError: If the file cannot be written.

    Example:

        with JsonLinesSink("landmarks.jsonl") as sink:
            for faces in align_iter(model, photos):
                sink.write(faces)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lines = JsonLines(self.path)

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def write(self, faces: Faces) -> None:
        """Adds the faces of one photo."""
        self._lines.write(faces.to_dict())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lines.__exit__(kind, error, traceback)


class JsonSink(JsonLinesSink):
    """Results as one JSON list with an item per photo.

    While photos are aligned, `NAME.partial.jsonl` beside the file has a line for each; the end of the block makes the
    list of them. After a kill that nothing can catch, the lines are what was found.

    Where an error comes before the first photo, the file stays as it was.

    Args:
        path: The file, such as `"landmarks.json"`; it is replaced at the end.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._lines = JsonLines(partial_path(self.path))

    def __enter__(self) -> Self:
        if self.path.is_dir():
            raise IsADirectoryError(f"Results are written to a file, and this is a folder. Received: {self.path}")
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or self._lines.count:
            self._lines.assemble(self.path)
        else:  # nothing was found: an older file stays
            self._lines.__exit__(kind, error, traceback)


def partial_path(path: Path) -> Path:
    """The file of lines that `path` is made of at the end."""
    return path.with_name(f"{path.stem}.partial.jsonl")
