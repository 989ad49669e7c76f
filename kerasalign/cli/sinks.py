"""Where `kerasalign align` puts results as they come."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from kerasalign.cli.options import ResultFormat

if TYPE_CHECKING:
    from kerasalign.inference import Faces


class Sink(Protocol):
    """Takes the faces of one photo after the other; `path` is what it writes, `None` for standard output."""

    path: Path | None

    def write(self, faces: Faces) -> None:
        """Adds the faces of one photo."""
        ...


class JsonOutput:
    """Prints a JSON list with an item per photo on standard output, each as it comes.

    After a stop the list is complete; an error before the first photo prints nothing.
    """

    path: Path | None = None

    def __init__(self) -> None:
        self._count = 0

    def write(self, faces: Faces) -> None:
        """Prints the faces of one photo."""
        sys.stdout.write(f"{',' if self._count else '['}\n{json.dumps(faces.to_dict(), allow_nan=False)}")
        sys.stdout.flush()
        self._count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if error is None or self._count:
            sys.stdout.write("\n]\n" if self._count else "[]\n")
            sys.stdout.flush()


@contextmanager
def photo_sinks(file_format: ResultFormat | None, out: Path, as_json: bool) -> Iterator[list[Sink]]:
    """The sinks of a run over photos, opened before any work.

    Args:
        file_format: Format of the file in `out`, if any.
        out: Folder of the results.
        as_json: Whether to print JSON.
    """
    from kerasalign.inference.exporters import CocoSink, CsvSink, JsonLinesSink, JsonSink, PtsSink

    files = {
        ResultFormat.json: lambda: JsonSink(out / "landmarks.json"),
        ResultFormat.jsonl: lambda: JsonLinesSink(out / "landmarks.jsonl"),
        ResultFormat.csv: lambda: CsvSink(out / "landmarks.csv"),
        ResultFormat.coco: lambda: CocoSink(out / "coco.json"),
        ResultFormat.pts: lambda: PtsSink(out),
    }
    sinks: list = []
    with ExitStack() as stack:
        if file_format is not None:
            sinks.append(stack.enter_context(files[file_format]()))
        if as_json:
            sinks.append(stack.enter_context(JsonOutput()))
        yield sinks


def check_video_format(file_format: ResultFormat | None, as_json: bool) -> None:
    """Raises if results of a video cannot have this form.

    Raises:
        ValueError: If a format holds no frames, or they should be printed.
    """
    if file_format is ResultFormat.coco or file_format is ResultFormat.pts:
        raise ValueError(f"`--format` of a video is json, jsonl or csv. Received: --format {file_format.value}")
    if as_json:
        raise ValueError("`--json` prints photos; the frames of a video go to a file: --format jsonl. Received: --json")
