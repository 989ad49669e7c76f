"""A photo's faces as a row of a table: lists of numbers that Arrow, Parquet and Spark know."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.inference import Faces

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns of the results, and their types in Spark. F faces and N points: landmarks are (F, N, 2), boxes (F, 4), poses
#: (F, 3) yaw, pitch and roll in degrees; scores, errors and failed (F,).
COLUMNS = {
    "width": "int",
    "height": "int",
    "landmarks": "array<array<array<float>>>",
    "boxes": "array<array<float>>",
    "scores": "array<float>",
    "errors": "array<float>",
    "failed": "array<boolean>",
    "poses": "array<array<float>>",
    "problem": "string",
}


def result_columns(photos: Iterable[Faces]) -> dict[str, list[Any]]:
    """The columns of some photos' results, a value a photo; numbers that are not known are NaN."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for faces in photos:
        values = {
            "width": int(faces.size[0]),
            "height": int(faces.size[1]),
            "landmarks": faces.landmarks.tolist(),
            "boxes": faces.boxes.tolist(),
            "scores": [face.score for face in faces],
            "errors": [face.error for face in faces],
            "failed": [face.failed for face in faces],
            "poses": [[float(angle) for angle in face.pose] for face in faces],
            "problem": faces.problem,
        }
        for name, value in values.items():
            columns[name].append(value)
    return columns


def arrow_types() -> dict[str, pa.DataType]:
    """The columns' types in Arrow."""
    import pyarrow as pa

    number, of_faces = pa.float32(), pa.list_
    return {
        "width": pa.int32(),
        "height": pa.int32(),
        "landmarks": of_faces(pa.list_(pa.list_(number))),
        "boxes": of_faces(pa.list_(number)),
        "scores": of_faces(number),
        "errors": of_faces(number),
        "failed": of_faces(pa.bool_()),
        "poses": of_faces(pa.list_(number)),
        "problem": pa.string(),
    }


def photos_of(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """The photos of a column in Arrow: paths, encoded bytes, or arrays of pixels; `None` where there is none.

    Structs are those of Hugging Face's `Image`: the `bytes`, or without them the `path`. Tensors are those of Ray Data.
    """
    import pyarrow as pa

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if isinstance(column.type, pa.BaseExtensionType):
        return [photo for chunk in chunks for photo in _pixels(chunk)]
    return [photo_of(value) for chunk in chunks for value in chunk.to_pylist()]


def _pixels(chunk: Any) -> Any:
    """The arrays of a column of tensors, PyArrow's own or Ray's."""
    own = hasattr(chunk, "to_numpy_ndarray")
    return chunk.to_numpy_ndarray() if own else chunk.to_numpy(zero_copy_only=False)


def photo_of(value: Any) -> Any:
    """A photo as `align` takes it, from a cell of a table."""
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, float) and math.isnan(value):  # how pandas writes a missing text
        return None
    if isinstance(value, list):
        return np.asarray(value)
    return value
