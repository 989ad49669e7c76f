"""JSON documents written one by one, so that a program that ends early has lost none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kerasalign.support.files import written_beside


class JsonLines:
    """Writes JSON documents to a text file, one a line. Each is in the file before `write` returns.

    The file is opened when the block begins, so that one that cannot be written is an error before any work.

    Args:
        path: The file; it is replaced. Its folder is made.

    Raises:
        OSError: If the file cannot be written.

    Example:

        with JsonLines("landmarks.jsonl") as lines:
            for faces in stream:
                lines.write(faces.to_dict())
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.count = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.path.open("w", encoding="utf-8", newline="\n")
        return self

    def write(self, document: Any) -> None:
        """Appends a document.

        Raises:
            ValueError: If it has no strict JSON form.
            OSError: If the disk is full.
        """
        self._stream.write(json.dumps(document, allow_nan=False) + "\n")
        self._stream.flush()
        self.count += 1

    def assemble(self, target: str | os.PathLike[str], start: str = "[", end: str = "]") -> None:
        """Writes the documents as one JSON list, or as part of a document, and removes the lines.

        Args:
            target: The file to write; it is replaced as a whole.
            start: Text before the first document.
            end: Text after the last one.

        Raises:
            OSError: If the target cannot be written; the lines then stay, and the message names their file.
        """
        self._stream.close()
        try:
            with (
                written_beside(target) as draft,
                self.path.open(encoding="utf-8") as lines,
                draft.open("w", encoding="utf-8", newline="\n") as stream,
            ):
                stream.write(start)
                for index, line in enumerate(lines):
                    stream.write(f"{',' if index else ''}\n{line.rstrip()}")
                stream.write(f"\n{end}\n")
        except OSError as error:
            reason = error.strerror or str(error)
            raise OSError(f"{target} cannot be written ({reason}). What was found is in {self.path}") from error
        self.path.unlink()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()
        if error is not None and not self.count:
            self.path.unlink(missing_ok=True)
