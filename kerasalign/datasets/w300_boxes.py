"""The `bounding_boxes_*.mat` files of 300W."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.mat import load_mat
from kerasalign.geometry import as_box

_FIELDS = {"detector": "bb_detector", "ground_truth": "bb_ground_truth"}


def read_bounding_boxes(path: Path) -> tuple[dict[str, dict[str, np.ndarray]], list[DatasetNote]]:
    """Reads a box file of 300W: a cell array of structs `imgName`, `bb_detector`, `bb_ground_truth`.

    Args:
        path: The file. Its boxes are `[x1 y1 x2 y2]`, 1-based.

    Returns:
        Photo name without extension to kind (`"detector"`, `"ground_truth"`) to `(x0, y0, x1, y1)` float64,
        0-based; and one note for each entry that cannot be used, or for the whole file.
    """
    try:
        variables = list(load_mat(path).values())
    except DatasetError as error:
        return {}, [DatasetNote(path, error.reason)]
    if len(variables) != 1:
        return {}, [DatasetNote(path, f"one variable with the boxes was expected, not {len(variables)}")]
    boxes, notes = {}, []
    for row, entry in enumerate(np.atleast_1d(np.asarray(variables[0], dtype=object)), start=1):
        try:
            stem = PurePosixPath(str(entry["imgName"]).strip()).stem
            boxes[stem] = {
                kind: as_box(np.asarray(entry[key], "float64").ravel() - 1.0, key) for kind, key in _FIELDS.items()
            }
        except (KeyError, TypeError, ValueError, IndexError) as error:
            notes.append(DatasetNote(path, f"entry {row} is not a box of the format ({error})"))
    return boxes, notes
