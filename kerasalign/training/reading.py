"""Faces for a model: read in its markup, wherever a reader has a choice."""

from __future__ import annotations

from collections.abc import Mapping

from kerasalign.datasets import FaceSample, get_dataset
from kerasalign.markups import get_markup


def read_faces(
    dataset: str,
    data_dir,
    split: str,
    markup: str,
    on_error: str = "raise",
    options: Mapping[str, object] | None = None,
) -> list[FaceSample]:
    """The faces of a split of a data set, with the points that a model has.

    Args:
        dataset: Name of the data set.
        data_dir: Its folder.
        split: One of its splits.
        markup: Name of the model's or the protocol's markup; readers that take a `markup` get it.
        on_error: As in `read_dataset`.
        options: Further options of the data set's reader, such as `{"images": "photos"}`.

    Raises:
        ValueError: If the reader has no such option, or the faces have another number of points than the markup.
    """
    reader = get_dataset(dataset)
    chosen = dict(options or {})
    if "markup" in reader.options:
        chosen.setdefault("markup", markup)
    faces = reader.read(data_dir, split, on_error, **chosen)
    found, wanted = faces[0], get_markup(markup).num_points
    if len(found.landmarks) != wanted:
        raise ValueError(
            f"The model's markup '{markup}' has {wanted} points, but {dataset} is read in markup "
            f"'{found.markup}' of {len(found.landmarks)}. Received: data_dir={str(data_dir)!r}"
        )
    return faces
