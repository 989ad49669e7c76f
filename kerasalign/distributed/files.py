"""Landmarks of folders, Parquet files and tar files into a folder of Parquet files, by Ray; it can be stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign._version import __version__
from kerasalign.core.crop_model import CropModel
from kerasalign.distributed.photos import table_function, use_threads
from kerasalign.distributed.ray_engine import actors, cores_of, results_of, start_ray
from kerasalign.distributed.table import AlignTable
from kerasalign.distributed.units import Unit, Unreadable, list_units
from kerasalign.support.checks import at_least
from kerasalign.support.files import check_folder_writable, write_json, written_beside
from kerasalign.support.progress import track

if TYPE_CHECKING:
    import pyarrow as pa

# Readers of Parquet skip names that begin with an underscore.
CARD = "_align.json"
# Rows of a table in memory.
_ROWS = 256


@dataclass(frozen=True)
class Report:
    """What `align_files` did.

    Args:
        rows: Rows that were written now: a photo each.
        faces: Faces of these photos.
        problems: Rows of photos that could not be read.
        files: Parquet files that were written now.
        skipped: Parquet files, or photos of folders, that an earlier run had finished.
    """

    rows: int = 0
    faces: int = 0
    problems: int = 0
    files: int = 0
    skipped: int = 0


def align_files(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    preset: str | Path | CropModel | None = None,
    *,
    column: str | None = None,
    recursive: bool = False,
    rows_per_file: int = 1000,
    concurrency: int | tuple[int, int] | None = None,
    num_cpus: int = 1,
    num_gpus: float = 0,
    runtime: str | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Report:
    """Aligns the photos of files by Ray, and writes Parquet files with a row a photo.

    Actors hold a model each, and write whole files: a kill at any moment leaves no half one. The same call again goes
    on: photos of folders that are in a file already, and Parquet and tar files whose results are there, are skipped.
    Nothing is raised for a photo: its row says in `problem` why it has no faces. A Parquet or tar file that is cut off
    gives the rows before the damage, and one that says so.

    Args:
        source: A folder of photos, Parquet files and tar files such as those of WebDataset; a file; a pattern; or a
            list of them. On a cluster all machines must see it at the same path.
        out: Folder of the results; all machines must see it. It holds the results of one set of settings.
        preset: As in `AlignTable`.
        column: Column of the photos in Parquet files; by default `image`, `bytes`, `jpg`, `png`, `path` or `url`.
        recursive: Whether to search the sub-folders of folders.
        rows_per_file: Photos of a folder in each file of results.
        concurrency: Number of actors, or the least and the most of them; by default as many as there are cores.
        num_cpus: Cores of an actor, and threads of its networks.
        num_gpus: GPUs of an actor; its networks then run in Keras.
        runtime: As in `align_dataset`.
        progress: Whether to show a bar; by default on a terminal.
        **options: As in `AlignTable`.

    Returns:
        What was done now.

    Raises:
        FileNotFoundError: If a source is not there.
        ImportError: If Ray is not installed.
        ValueError: If an argument is wrong, or the folder holds results of other settings.
        OSError: If the folder cannot be written.

    Example:

        align_files("photos", "landmarks", "musica19-synth", recursive=True)
        table = pyarrow.parquet.read_table("landmarks")
    """
    at_least(1, rows_per_file=rows_per_file)
    work = table_function(preset, "photo", num_cpus, num_gpus, runtime, **options)
    photos, units = list_units(source, column, recursive)
    out = Path(out)
    check_folder_writable(out, "out")
    _claim(out, work)
    done = _finished_paths(out) if photos else set()
    left = [path for path in dict.fromkeys(photos) if path not in done]
    waiting = [unit for unit in units if not (out / unit.name).is_file()]
    skipped = len(units) - len(waiting) + len(dict.fromkeys(photos)) - len(left)
    waiting += [
        Unit("paths", tuple(left[start : start + rows_per_file])) for start in range(0, len(left), rows_per_file)
    ]
    if not waiting:
        return Report(skipped=skipped)
    ray = start_ray()
    pool = actors(ray, concurrency, cores_of(ray) // num_cpus, len(waiting))
    found = results_of(ray, lambda: UnitWriter(work, out), waiting, pool, num_cpus=num_cpus, num_gpus=num_gpus or None)
    totals = {"rows": 0, "faces": 0, "problems": 0}
    for row in track(found, "Aligning", len(waiting), progress):
        totals = {name: totals[name] + row[name] for name in totals}
    return Report(**totals, files=len(waiting), skipped=skipped)


class UnitWriter:
    """Writes the file of one unit after the other."""

    def __init__(self, work: AlignTable, out: Path) -> None:
        use_threads(work.threads)
        self.work, self.out = work, out

    def __call__(self, unit: Unit) -> dict[str, Any]:
        """Aligns a unit; returns how many rows, faces and problems it has."""
        import pyarrow.parquet as pq

        totals = {"rows": 0, "faces": 0, "problems": 0}
        writer = None
        with written_beside(self.out / unit.name) as draft:
            try:
                for table in self._results(unit):
                    if writer is None:
                        writer = pq.ParquetWriter(draft, table.schema, compression="zstd")
                    # The row of a file that is cut off has only some of the columns.
                    writer.write_table(_with_columns(table, writer.schema))
                    totals["rows"] += len(table)
                    totals["faces"] += sum(len(scores) for scores in table.column("scores").to_pylist())
                    totals["problems"] += sum(problem != "" for problem in table.column("problem").to_pylist())
                if writer is None:
                    draft_of_nothing(draft)
            finally:
                if writer is not None:
                    writer.close()
        return totals

    def _results(self, unit: Unit):
        try:
            for table, column in unit.tables(_ROWS):
                yield self.work.with_column(column).table(table)
        except Unreadable as error:
            yield self.work.problem_row(unit.paths[0], f"the file cannot be read to its end: {error}")


def draft_of_nothing(path: Path) -> None:
    """An empty file of results, for a unit without photos."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from kerasalign.distributed.rows import arrow_types

    pq.write_table(pa.schema([("path", pa.string()), *arrow_types().items()]).empty_table(), path)


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    missing = [field for field in schema if field.name not in table.column_names]
    for field in missing:
        table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names)


def _claim(out: Path, work: AlignTable) -> None:
    """Writes the card of a folder of results, or checks the one that is there."""
    card = {"version": __version__, **work.settings()}
    path = out / CARD
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        if found != card:
            differ = sorted(key for key in card | found if card.get(key) != found.get(key))
            raise ValueError(f"The folder holds results of other settings: {differ} differ. Received: out={str(out)!r}")
    elif any(file.suffix == ".parquet" for file in out.iterdir()):
        raise ValueError(f"The folder holds Parquet files that are not of `align_files`. Received: out={str(out)!r}")
    write_json(path, card)


def _finished_paths(out: Path) -> set[str]:
    """Paths of the photos of folders that are in finished files."""
    import pyarrow.parquet as pq

    files = sorted(out.glob("photos-*.parquet"))
    return {path for file in files for path in pq.read_table(file, columns=["path"]).column("path").to_pylist()}
