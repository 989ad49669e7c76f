"""Faces as a CSV file, as they come."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from kerasalign.inference.exporters.rows import FRAME, cell, columns, rows_of, rows_of_frame

if TYPE_CHECKING:
    from kerasalign.inference.faces import Faces
    from kerasalign.inference.video import VideoFrame


class CsvSink:
    """Results as a CSV file: a row per face, in the file before `write` returns.

    The columns are `image`, `face`, `score`, `error`, `failed`, `yaw`, `pitch`, `roll`, the box, and the landmarks
    `x0, y0, x1, y1, ...`. The reader `csv` and `kerasalign.dataset` take such a file: paths of photos are written from
    its folder. Frames of a video have `frame`, `seconds` and `track` in front. A photo without faces has no row.

    Args:
        path: The file; it is replaced. Its folder is made.

    Raises:
        OSError: If the file cannot be written.

    Example:

        with CsvSink("landmarks.csv") as sink:
            for faces in align_iter(model, photos):
                sink.write(faces)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._header: list[str] = []

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.path.open("w", encoding="utf-8", newline="")
        return self

    def write(self, faces: Faces) -> None:
        """Adds the faces of one photo."""
        self._write(columns(faces.markup), rows_of(faces, self.path.parent))

    def write_frame(self, frame: VideoFrame) -> None:
        """Adds the faces of one frame of a video."""
        self._write([*FRAME, *columns(frame.faces.markup)], rows_of_frame(frame))

    def _write(self, header: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
        writer = csv.writer(self._stream)
        if not self._header:
            self._header = header
            writer.writerow(header)
        if header != self._header:
            raise ValueError(
                f"A CSV file holds faces of one markup. Received: {len(header)} columns, not {len(self._header)}"
            )
        for row in rows:
            writer.writerow([cell(value) for value in row.values()])
        self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()


def csv_text(photos: Iterable[Faces], path: Path | None = None) -> str:
    """The faces of photos as CSV text; paths of photos are written from the folder of `path`, if given."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    header: list[str] = []
    for faces in photos:
        if not header:
            header = columns(faces.markup)
            writer.writerow(header)
        for row in rows_of(faces, path and path.parent):
            writer.writerow([cell(value) for value in row.values()])
    if not header:
        writer.writerow(columns(None))
    return stream.getvalue()
