"""AFLW2000-3D: faces of all poses with the projected points of a fitted 3D face (Zhu et al., CVPR 2016)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.mat import load_mat
from kerasalign.datasets.photos import find_photo, list_photos
from kerasalign.datasets.pose import YAW_BINS, read_pose, yaw_bin
from kerasalign.datasets.sample import FaceSample


class AFLW2000(Dataset):
    """AFLW2000-3D: `full`, a test set, and its three parts by the head's yaw: `yaw0_30`, `yaw30_60`, `yaw60_90`.

    Layout: `image{00002...}.jpg` with a `.mat` of the same name each. The points are the x and y rows of
    `pt3d_68`: the jaw points of a turned face follow the 3D face's contour, hidden or not, and not the outline
    that the photo shows, so that they do not compare with 300W's. A face is named by its file:
    `"image00002"`. Attributes: `pitch`, `yaw` and `roll` in degrees, and `yaw_bin`, the part that it is in.
    There are no boxes. A re-annotation of the same photos (LS3D-W) is another data set.

    Reader options: `index_base` (1): the pixel that the files count from. Their authors' demo draws them with
    MATLAB as they are; most readers in Python take them as 0-based. Use the same for 300W-LP.
    """

    name = "aflw2000-3d"
    markup = "68"
    splits: ClassVar = {"full": 2000, **dict.fromkeys(YAW_BINS)}
    aliases: ClassVar = {"test": "full"}

    def recognize(self, root: Path) -> bool:
        return root.is_dir() and any(path.stem[5:].isdecimal() for path in root.glob("image*.mat"))

    def missing(self, root: Path, split: str) -> list[str]:
        return [] if self.recognize(root) else ["image*.mat"]

    def faces(self, root: Path, split: str, index_base: int = 1) -> Iterator[Finding]:
        photos = list_photos(root) if root.is_dir() else {}
        files = sorted(root.glob("image*.mat"))
        for path in files:
            try:
                photo, contents = find_photo(path, photos, path.stem), load_mat(path)
                landmarks, pose = _points(contents, path) - index_base, read_pose(contents, path)
            except DatasetError as error:
                yield error
                continue
            part = yaw_bin(pose["yaw"])
            if split in ("full", part):
                attributes = {"subset": "full", **pose, "yaw_bin": part}
                yield FaceSample(photo, landmarks, self.markup, path.stem, attributes=attributes)
        annotated = {path.stem for path in files}
        for stem in sorted(photos.keys() - annotated):
            yield DatasetError(photos[stem][0], f"the photo has no points file {stem}.mat")


def _points(contents: dict[str, object], path: Path) -> np.ndarray:
    points = np.asarray(contents.get("pt3d_68"))
    if points.shape != (3, 68) or points.dtype.kind not in "iuf" or not np.isfinite(points[:2]).all():
        raise DatasetError(path, f"`pt3d_68` must be 68 finite columns x y z, not {points.dtype} {points.shape}")
    return points[:2].T.astype("float64")
