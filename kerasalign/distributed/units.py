"""Units of work: a batch of photos' paths, a Parquet file, or a tar file, each of which becomes one Parquet file."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.inference.sources import is_pattern, matching
from kerasalign.support.images import list_images, photo_suffixes

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, TAR = (".parquet",), (".tar", ".tar.gz", ".tgz")
#: Columns that a Parquet file's photos are looked for in, if none is named.
PHOTO_COLUMNS = ("image", "bytes", "jpg", "png", "path", "url")


class Unreadable(ValueError):
    """A file of photos that cannot be read to its end."""


@dataclass(frozen=True)
class Unit:
    """A part of the work.

    Args:
        kind: `"paths"`, `"parquet"` or `"tar"`.
        paths: Paths of the photos, or of the one file.
        column: Column of a Parquet file's photos; `None`: one of `PHOTO_COLUMNS`.
    """

    kind: str
    paths: tuple[str, ...]
    column: str | None = None

    @property
    def name(self) -> str:
        """Name of the file that holds its results. Other paths, or another file at the same path, have another one."""
        facts: Any = asdict(self)
        if self.kind != "paths":
            facts |= {"bytes": Path(self.paths[0]).stat().st_size}
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        stem = "photos" if self.kind == "paths" else Path(self.paths[0]).name.partition(".")[0]
        return f"{stem}-{digest}.parquet"

    def tables(self, rows: int) -> Iterator[tuple[pa.Table, str]]:
        """The unit's tables of at most so many rows, each with the name of its photos' column.

        Raises:
            Unreadable: If the file cannot be read to its end; the tables before it have come.
        """
        import pyarrow as pa

        if self.kind == "parquet":
            yield from _parquet_tables(self.paths[0], self.column, rows)
        elif self.kind == "tar":
            for members in _chunks(_tar_members(self.paths[0]), rows):
                paths, photos = zip(*members)
                columns = {"path": pa.array(paths, pa.string()), "photo": pa.array(photos, pa.binary())}
                yield pa.table(columns), "photo"
        else:
            for some in _chunks(self.paths, rows):
                yield pa.table({"path": pa.array(some, pa.string())}), "path"


def list_units(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    column: str | None = None,
    recursive: bool = False,
) -> tuple[list[str], list[Unit]]:
    """What a source holds: paths of photos, and a unit for each Parquet and tar file.

    Args:
        source: A folder, a file, a pattern such as `"photos/*.jpg"`, or a list of them.
        column: As in `Unit`.
        recursive: Whether to search the sub-folders of folders.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If nothing matches a pattern.
    """
    several = source if isinstance(source, (list, tuple)) else [source]
    files: list[Path] = []
    for item in several:
        path = Path(item)  # pyright: ignore[reportArgumentType]
        if path.is_dir():
            tables = path.rglob("*") if recursive else path.iterdir()
            files += [*list_images(path, recursive), *sorted(file for file in tables if _ends(file, (*PARQUET, *TAR)))]
        elif is_pattern(item):
            files += matching(item)
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"There is no such file or folder. Received: source={os.fspath(path)!r}")
    units = [
        Unit("parquet" if _ends(file, PARQUET) else "tar", (str(file),), column if _ends(file, PARQUET) else None)
        for file in files
        if _ends(file, (*PARQUET, *TAR))
    ]
    return [str(file) for file in files if not _ends(file, (*PARQUET, *TAR))], units


def _ends(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(suffixes) and not path.name.startswith((".", "_"))


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most so many items; an error comes after the items before it."""
    chunk: list[Any] = []
    try:
        for item in items:
            chunk.append(item)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except Unreadable:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _parquet_tables(path: str, column: str | None, rows: int) -> Iterator[tuple[pa.Table, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            found = [name for name in ([column] if column else PHOTO_COLUMNS) if name in names]
            if not found:
                wanted = repr(column) if column else f"of {list(PHOTO_COLUMNS)}"
                raise Unreadable(f"it has no column {wanted}, but {names}")
            for batch in file.iter_batches(rows):
                yield pa.Table.from_batches([batch]), found[0]
    except (OSError, pa.ArrowException) as error:
        raise Unreadable(str(error)) from error


def _tar_members(path: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of each photo in a tar file, such as one of WebDataset."""
    try:
        # A stream: one pass, no jumps, and no list of all members in memory.
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.isfile() and Path(member.name).suffix.lower() in photo_suffixes():
                    stream = archive.extractfile(member)
                    if stream is not None:
                        yield f"{path}/{member.name}", stream.read()
                archive.members = []  # pyright: ignore[reportAttributeAccessIssue]  # or they pile up
    except (OSError, EOFError, tarfile.TarError) as error:
        raise Unreadable(str(error)) from error
