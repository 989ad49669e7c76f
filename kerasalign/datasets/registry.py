"""Data sets by name."""

from __future__ import annotations

import os
from typing import Literal

from kerasalign.datasets.aflw import AFLW
from kerasalign.datasets.aflw2000_3d import AFLW2000
from kerasalign.datasets.celeba import CelebA
from kerasalign.datasets.coco import CocoPoints
from kerasalign.datasets.cofw import COFW
from kerasalign.datasets.cofw68 import COFW68
from kerasalign.datasets.csv_points import CsvPoints
from kerasalign.datasets.cvat import CvatPoints
from kerasalign.datasets.dataset import Dataset
from kerasalign.datasets.dlib_xml import DlibPoints
from kerasalign.datasets.label_studio import LabelStudioPoints
from kerasalign.datasets.labelme import LabelMePoints
from kerasalign.datasets.menpo2d import Menpo2D
from kerasalign.datasets.pts_folder import PtsFolder
from kerasalign.datasets.sample import FaceSample
from kerasalign.datasets.synth_folder import SynthFolder
from kerasalign.datasets.via import ViaPoints
from kerasalign.datasets.w300 import W300
from kerasalign.datasets.w300lp import W300LP
from kerasalign.datasets.w300vw import W300VW
from kerasalign.datasets.wflw import WFLW
from kerasalign.support.checks import one_of

_REGISTRY: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        W300(),
        WFLW(),
        COFW(),
        COFW68(),
        Menpo2D(),
        W300LP(),
        AFLW2000(),
        AFLW(),
        CelebA(),
        W300VW(),
        SynthFolder(),
        PtsFolder(),
        CsvPoints(),
        CocoPoints(),
        LabelMePoints(),
        ViaPoints(),
        LabelStudioPoints(),
        CvatPoints(),
        DlibPoints(),
    )
}


def list_datasets() -> list[str]:
    """Names of the data sets that the library reads."""
    return list(_REGISTRY)


def get_dataset(name: str) -> Dataset:
    """A data set by name.

    Raises:
        ValueError: If no data set has that name.
    """
    one_of("name", name, _REGISTRY)
    return _REGISTRY[name]


def read_dataset(
    name: str,
    root: str | os.PathLike,
    split: str = "train",
    on_error: Literal["raise", "skip"] = "raise",
    **options,
) -> list[FaceSample]:
    """Reads the faces of a split of a data set: `read_dataset("300w", "data/300w", "common")`.

    Args:
        name: Name of the data set; see `list_datasets`.
        root: Its folder.
        split: One of its splits.
        on_error: `"raise"` stops at the first broken face with its file and line, `"skip"` logs each and
            goes on.
        **options: `exclude` (names of faces to leave out) and the options of that data set's reader.

    Returns:
        The faces in a stable order; never an empty list.

    Raises:
        DatasetError: If a face is broken and `on_error` is `"raise"`, or the split holds no face at all.
        FileNotFoundError: If `root` does not exist.
        ValueError: If an argument has a wrong value.
    """
    return get_dataset(name).read(root, split, on_error, **options)
