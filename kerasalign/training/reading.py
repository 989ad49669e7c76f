"""Reads the faces of a data set in the markup of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from kerasalign.datasets import FaceSample, get_dataset
from kerasalign.markups import get_markup


def read_faces(
    dataset: str,
    data_dir: str | Path,
    split: str,
    markup: str,
    on_error: Literal["raise", "skip"] = "raise",
    options: Mapping[str, Any] | None = None,
) -> list[FaceSample]:
    """Reads the faces of a split of a data set, with the points of a model.

    Args:
        dataset: Name of the data set.
        data_dir: Its folder.
        split: One of its splits.
        markup: Name of the markup of the model or protocol. Readers that take a `markup` get it.
        on_error: As in `read_dataset`.
        options: Further options of the data set's reader, such as `{"images": "photos"}`.

    Raises:
        ValueError: If the reader has no such option, or the faces have another number of points than the markup.
    """
    reader = get_dataset(dataset)
    reader_options = dict(options or {})
    if "markup" in reader.options:
        reader_options.setdefault("markup", markup)
    faces = reader.read(data_dir, split, on_error, **reader_options)
    first, points = faces[0], get_markup(markup).num_points
    if len(first.landmarks) != points:
        raise ValueError(
            f"The model's markup '{markup}' has {points} points, but {dataset} is read in markup "
            f"'{first.markup}' of {len(first.landmarks)}. Received: data_dir={str(data_dir)!r}"
        )
    return faces
