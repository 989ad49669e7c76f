"""A function from tables of photos to tables with their landmarks, for any engine that moves tables around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.core.align_mixin import AlignOptions
from kerasalign.core.crop_model import CropModel
from kerasalign.detection import Detector, get_detector
from kerasalign.distributed.rows import COLUMNS, arrow_types, photo_of, photos_of, result_columns
from kerasalign.inference import Faces, KerasAlignDetector, align_iter
from kerasalign.support.checks import at_least, one_of, shown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUNTIMES = ("keras", "onnxruntime", "litert")
# What the table says itself, and what is for single photos.
_OTHERS = {"boxes", "on_error", "recursive", "progress", "color", "batch_size"}
OPTIONS = sorted(set(AlignOptions.__annotations__) - _OTHERS)


class AlignTable:
    """Aligns the photos of a table: a row in, a row out, and no error but a text in the column `problem`.

    The photos' column goes, unless it holds paths; all others stay. What comes is in `rows.COLUMNS`. It can be pickled:
    each process that gets it opens the model at its first photo and keeps it.

    * `AlignTable(...)(frame)` takes a pandas table, as Dask's `map_partitions` gives it.
    * `.frames` takes an iterator of them, as Spark's `mapInPandas` gives it.
    * `.table` takes a table of PyArrow, as Ray Data and Parquet have it.

    Args:
        preset: Name or folder of a preset, an exported `.onnx` or `.tflite` file, or a model, which is pickled along;
            `None`: the default preset.
        column: Column of the photos: paths, addresses, encoded bytes, or pixels `(H, W, 3)`.
        runtime: `"keras"`, `"onnxruntime"` or `"litert"`.
        threads: Threads of one pass of a network; not for Keras. `None`: the runtime decides. Where there is a process
            for every core, 1.
        batch_size: Faces per pass.
        **options: As in `align`: `detector`, `refine`, `max_faces`, `min_score`, `max_error`, `early_exit`.

    Raises:
        ValueError: If an argument is wrong. What only the model knows is checked at its first photo.

    Example:

        aligned = AlignTable("musica19-synth", column="path")
        spark_frame.mapInPandas(aligned.frames, f"path string, {aligned.spark_schema}")
        dask_frame.map_partitions(aligned, meta=aligned(dask_frame._meta))
    """

    def __init__(
        self,
        preset: str | Path | CropModel | None = None,
        column: str = "path",
        *,
        runtime: str = "onnxruntime",
        threads: int | None = 1,
        batch_size: int = 32,
        **options: Any,
    ) -> None:
        one_of("runtime", runtime, RUNTIMES)
        at_least(1, batch_size=batch_size, **({} if threads is None else {"threads": threads}))
        if unknown := sorted(set(options) - set(OPTIONS)):
            raise ValueError(f"`AlignTable` takes the options {OPTIONS}. Received: {unknown}")
        self.preset, self.column, self.runtime, self.threads = preset, column, runtime, threads
        self.detector = options.pop("detector", KerasAlignDetector.name)
        if isinstance(self.detector, str):
            get_detector(self.detector, runtime)  # raises for an unknown name
        self.options: dict[str, Any] = options | {"batch_size": batch_size}

    @property
    def spark_schema(self) -> str:
        """The new columns as Spark's `mapInPandas` wants them; put the others before them."""
        return ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Aligns a pandas table; the index stays."""
        import pandas as pd

        self._check(list(frame.columns))
        photos = [photo_of(value) for value in frame[self.column]]
        kept = (
            frame
            if all(photo is None or isinstance(photo, str) for photo in photos)
            else frame.drop(columns=self.column)
        )
        found = self.results(photos)
        kinds = {"width": "int32", "height": "int32", "problem": "str"}
        columns = {name: pd.Series(found[name], frame.index, kinds.get(name, "object")) for name in found}
        return pd.concat([kept, pd.DataFrame(columns)], axis=1)

    def frames(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Aligns one pandas table after the other."""
        yield from map(self, frames)

    def table(self, table: pa.Table) -> pa.Table:
        """Aligns a table of PyArrow."""
        import pyarrow as pa

        self._check(table.column_names)
        column = table.column(self.column)
        texts = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        kept = table if texts else table.drop_columns(self.column)
        found = self.results(photos_of(column))
        for name, kind in arrow_types().items():
            kept = kept.append_column(name, pa.array(found[name], kind))
        return kept

    def results(self, photos: Sequence[Any]) -> dict[str, list[Any]]:
        """The new columns of some photos; see `rows.COLUMNS`."""
        if not len(photos):
            return result_columns(())
        least = self.options.get("min_score")
        model, detector = open_networks(self.preset, self.runtime, self.threads, self.detector, least)

        def aligned(some: Sequence[Any]) -> list[Faces]:
            return list(align_iter(model, some, detector=detector, **self.options))

        try:
            return result_columns(aligned(photos))
        except Exception:
            # What no single photo is to blame for is raised.
            aligned(())

        def alone(photo: Any) -> Faces:
            try:
                return aligned([photo])[0]
            except Exception as error:
                return Faces([], model.markup or "68", photo, problem=f"{type(error).__name__}: {error}")

        return result_columns(map(alone, photos))

    def with_column(self, column: str) -> AlignTable:
        """The same with the photos in another column."""
        other = copy(self)
        other.column = column
        return other

    def problem_row(self, path: str, problem: str) -> pa.Table:
        """A row of a file that holds no photo that could be read."""
        import pyarrow as pa

        found = result_columns([Faces([], "68", path, problem=problem)])
        columns = {name: pa.array(found[name], kind) for name, kind in arrow_types().items()}
        return pa.table({"path": pa.array([path], pa.string()), **columns})

    def settings(self) -> dict[str, Any]:
        """What decides the results, as plain values; a model or detector of the caller's own by its name."""
        detector = self.detector if isinstance(self.detector, str) else shown(self.detector)
        preset = self.preset
        if preset is not None and not isinstance(preset, (str, Path)):
            preset = getattr(preset, "name", "") or type(preset).__name__
        options = {name: value for name, value in self.options.items() if name != "batch_size"}
        return {"preset": preset and str(preset), "runtime": self.runtime, "detector": detector, "options": options}

    def _check(self, names: Sequence[str]) -> None:
        if self.column not in names:
            raise ValueError(f"`column` must be one of {list(names)}. Received: column={self.column!r}")
        if taken := sorted((set(names) - {self.column}) & set(COLUMNS)):
            raise ValueError(f"The table must not have columns of the results' names. Received: columns {taken}")


def open_networks(
    preset: str | Path | CropModel | None,
    runtime: str,
    threads: int | None,
    detector: Any,
    min_score: float | None = None,
) -> tuple[CropModel, Detector]:
    """The model and the detector of a process.

    Raises:
        ValueError: If one of them is not known.
        WeightsError: If the weights cannot be had.
    """
    model = _open_model(preset, runtime, threads) if preset is None or isinstance(preset, (str, Path)) else preset
    if detector == KerasAlignDetector.name:
        return model, _open_detector(runtime, threads, min_score)
    return model, get_detector(detector, runtime, min_score)


@lru_cache(maxsize=4)
def _open_model(preset: str | Path | None, runtime: str, threads: int | None) -> CropModel:
    """A model, opened once per process: Spark unpickles the function for every part of a table."""
    from kerasalign.hub import load, read_manifest
    from kerasalign.runtimes import open_runtime

    if preset is not None and Path(preset).suffix in (".onnx", ".tflite"):
        return open_runtime(preset, threads)
    model = load(read_manifest().default if preset is None else str(preset), runtime=runtime)
    return model if runtime == "keras" or threads is None else open_runtime(model.source, threads)


@lru_cache(maxsize=4)
def _open_detector(runtime: str, threads: int | None, min_score: float | None) -> Detector:
    """The library's own detector with so many threads."""
    from kerasalign.detection.own.files import bundled_network, open_file

    onnx = bundled_network().onnx if runtime == "onnxruntime" else None
    if onnx is None or threads is None:
        return get_detector(KerasAlignDetector.name, runtime, min_score)
    options: dict[str, Any] = {} if min_score is None else {"min_score": float(min_score)}
    return KerasAlignDetector(open_file(onnx, threads), runtime=runtime, **options)
