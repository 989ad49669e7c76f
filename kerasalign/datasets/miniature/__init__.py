"""Tiny copies of the data sets' layouts with drawn faces: for tests, examples and first steps."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kerasalign.datasets.miniature.aan import make_300vw, make_aflw, make_celeba
from kerasalign.datasets.miniature.annotation_tools import (
    make_cvat,
    make_dlib,
    make_label_studio,
    make_labelme,
    make_via,
)
from kerasalign.datasets.miniature.clip import draw_clip, write_clip
from kerasalign.datasets.miniature.cofw import make_cofw, make_cofw68
from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.miniature.menpo2d import make_menpo2d
from kerasalign.datasets.miniature.own_points import make_coco, make_csv, make_pts, make_synth
from kerasalign.datasets.miniature.threed import make_300w_lp, make_aflw2000_3d
from kerasalign.datasets.miniature.w300 import make_w300
from kerasalign.datasets.miniature.wflw import make_wflw
from kerasalign.support.checks import at_least, one_of

__all__ = ["draw_clip", "draw_photo", "make_miniature", "write_clip"]

_MAKERS = {
    "300w": make_w300,
    "wflw": make_wflw,
    "cofw": make_cofw,
    "cofw68": make_cofw68,
    "menpo2d": make_menpo2d,
    "300w-lp": make_300w_lp,
    "aflw2000-3d": make_aflw2000_3d,
    "aflw": make_aflw,
    "celeba": make_celeba,
    "300vw": make_300vw,
    "synth": make_synth,
    "pts": make_pts,
    "csv": make_csv,
    "coco": make_coco,
    "labelme": make_labelme,
    "via": make_via,
    "label-studio": make_label_studio,
    "cvat": make_cvat,
    "dlib": make_dlib,
}


def make_miniature(name: str, directory: str | os.PathLike, seed: int = 0, faces: int = 4) -> Path:
    """Generates a tiny copy of a data set's layout with drawn faces that really show their landmarks.

    Args:
        name: Name of a data set; see `list_datasets`.
        directory: Folder to write it to; it must be empty or not exist.
        seed: The same seed gives the same photos and landmarks.
        faces: Number of faces in each folder or list of the layout.

    Returns:
        The folder: `read_dataset(name, make_miniature(name, directory))`.

    Raises:
        ValueError: If there is no such data set, `faces` is less than 1 or the folder is not empty.
    """
    one_of("name", name, _MAKERS)
    at_least(1, faces=faces)
    root = Path(directory)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ValueError(f"`directory` must be a new or an empty folder. Received: directory={str(root)!r}")
    root.mkdir(parents=True, exist_ok=True)
    _MAKERS[name](root, np.random.default_rng(seed), faces)
    return root
