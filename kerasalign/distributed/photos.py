"""Landmarks of a data set of Ray Data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.core.crop_model import CropModel
from kerasalign.distributed.ray_engine import actors, cores_of, start_ray
from kerasalign.distributed.table import AlignTable
from kerasalign.support.checks import at_least

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset


def align_dataset(
    ds: Dataset,
    preset: str | Path | CropModel | None = None,
    column: str = "image",
    *,
    batch_size: int = 64,
    concurrency: int | tuple[int, int] | None = None,
    num_cpus: int = 1,
    num_gpus: float = 0,
    runtime: str | None = None,
    **options: Any,
) -> Dataset:
    """Adds the landmarks of the photos of a data set of Ray Data, lazily and as a stream.

    Actors hold a model each. A row in is a row out: a photo that cannot be read has no faces, and says why in the
    column `problem`. An actor that dies is started again, and its rows are done by another.

    Args:
        ds: A `ray.data.Dataset`, from `ray.data.read_parquet`, `read_binary_files`, `read_images`, `read_webdataset`
            and so on. Give `read_webdataset` `decoder=None`: its own decoder stops at the first broken photo.
        preset: As in `AlignTable`.
        column: Column of the photos: encoded bytes, pixels, paths or addresses. It goes, unless it holds paths.
        batch_size: Rows that an actor gets at a time.
        concurrency: Number of actors, or the least and the most of them. By default as many as there are cores, less
            one for reading and writing.
        num_cpus: Cores of an actor, and threads of its networks.
        num_gpus: GPUs of an actor; its networks then run in Keras.
        runtime: `"keras"`, `"onnxruntime"` or `"litert"`. By default ONNX Runtime, and Keras with GPUs.
        **options: As in `AlignTable`.

    Returns:
        The data set with the columns `width`, `height`, `landmarks` (F, N, 2), `boxes` (F, 4), `scores`, `errors`,
        `failed`, `poses` (F, 3) and `problem`. Its `write_parquet` starts the work.

    Raises:
        ImportError: If Ray is not installed.
        ValueError: If an argument is wrong.

    Example:

        ds = ray.data.read_parquet("s3://bucket/photos")
        align_dataset(ds, "musica19-synth", column="image").write_parquet("s3://bucket/landmarks")
    """
    work = table_function(preset, column, num_cpus, num_gpus, runtime, **options)
    at_least(1, batch_size=batch_size)
    ray = start_ray()
    most = (cores_of(ray) - 1) // num_cpus
    return ds.map_batches(
        _Actor,
        fn_constructor_args=(work,),
        batch_size=batch_size,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=actors(ray, concurrency, most),
        num_cpus=num_cpus,
        num_gpus=num_gpus or None,
    )


def table_function(
    preset: str | Path | CropModel | None,
    column: str,
    num_cpus: int,
    num_gpus: float,
    runtime: str | None,
    **options: Any,
) -> AlignTable:
    """The work of an actor with so many cores and GPUs.

    Raises:
        ValueError: If an argument is wrong, or a runtime on the processor gets GPUs.
    """
    at_least(1, num_cpus=num_cpus)
    at_least(0, num_gpus=num_gpus)
    if num_gpus and runtime not in (None, "keras"):
        raise ValueError(
            f"`runtime` must be 'keras' on GPUs: the others compute on the processor. Received: runtime={runtime!r}, "
            f"num_gpus={num_gpus}"
        )
    return AlignTable(
        preset, column, runtime=runtime or ("keras" if num_gpus else "onnxruntime"), threads=num_cpus, **options
    )


class _Actor:
    """What an actor of Ray Data keeps."""

    def __init__(self, work: AlignTable) -> None:
        use_threads(work.threads)
        self.work = work

    def __call__(self, table: pa.Table) -> pa.Table:
        return self.work.table(table)


def use_threads(count: int | None) -> None:
    """Lets OpenCV use only the cores of an actor."""
    import cv2

    cv2.setNumThreads(count or 1)
