"""300W-LP: 300W's faces turned to large poses by a fitted 3D face (Zhu et al., CVPR 2016)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.mat import load_mat
from kerasalign.datasets.photos import find_photo, list_photos
from kerasalign.datasets.pose import read_pose
from kerasalign.datasets.sample import FaceSample
from kerasalign.support.checks import one_of

_SUFFIX = "_pts.mat"


class W300LP(Dataset):
    """300W-LP: a `train` set.

    Layout: `{AFW,HELEN,IBUG,LFPW}/` with photos and one `.mat` of the same name each (pose and 3D shape), and
    `landmarks/{AFW,...}/<photo>_pts.mat`. A face is named by its folder and photo: `"AFW/AFW_134212_1_0"`.
    Attribute `source`: the face of the photo that its poses were made from, `"AFW/AFW_134212_1"`.
    There are no boxes but the tight ones. IBUG is among its sources: a model that is trained on it has seen
    the people of 300W's challenging test set.

    Reader options: `points` (`"3d"`): the contour of the 3D face, as in AFLW2000-3D, or `"2d"`: the outline
    that the photo shows, as in 300W. `flips` (False) reads the `<folder>_Flip` copies too; augmentation mirrors
    anyway. `pose` (False) adds `pitch`, `yaw` and `roll` in degrees, from one more file per face.
    `index_base` (1): the pixel that the files count from; use the same for AFLW2000-3D.
    """

    name = "300w-lp"
    markup = "68"
    splits: ClassVar = {"train": 61225}
    folders: ClassVar = {"AFW": 5207, "HELEN": 37676, "IBUG": 1786, "LFPW": 16556}

    def recognize(self, root: Path) -> bool:
        return any((root / "landmarks" / folder).is_dir() for folder in self.folders)

    def missing(self, root: Path, split: str) -> list[str]:
        needed = [path for folder in self.folders for path in (folder, f"landmarks/{folder}")]
        return [f"{path}/" for path in needed if not (root / path).is_dir()]

    def faces(
        self, root: Path, split: str, points: str = "3d", flips: bool = False, pose: bool = False, index_base: int = 1
    ) -> Iterator[Finding]:
        one_of("points", points, ("2d", "3d"))
        for folder in self.folders:
            for part in (folder, f"{folder}_Flip") if flips else (folder,):
                if (root / part).is_dir() and (root / "landmarks" / part).is_dir():
                    yield from self._folder(root, part, folder, points, pose, index_base)

    def _folder(
        self, root: Path, part: str, folder: str, points: str, pose: bool, index_base: int
    ) -> Iterator[Finding]:
        photos = list_photos(root / part)
        files = sorted((root / "landmarks" / part).glob(f"*{_SUFFIX}"))
        for path in files:
            stem = path.name.removesuffix(_SUFFIX)
            # The last number counts the poses; a mirrored copy shows the same face.
            attributes = {"subset": "train", "folder": folder, "source": f"{folder}/{stem.rpartition('_')[0]}"}
            try:
                photo, landmarks = find_photo(path, photos, stem), _points(path, f"pts_{points}") - index_base
                if pose:
                    mat = root / part / f"{stem}.mat"
                    attributes |= read_pose(load_mat(mat), mat)
            except DatasetError as error:
                yield error
                continue
            yield FaceSample(photo, landmarks, self.markup, f"{part}/{stem}", attributes=attributes)
        annotated = {path.name.removesuffix(_SUFFIX) for path in files}
        for stem in sorted(photos.keys() - annotated):
            reason = f"the photo has no points file landmarks/{part}/{stem}{_SUFFIX}"
            yield DatasetError(photos[stem][0], reason)


def _points(path: Path, key: str) -> np.ndarray:
    points = np.asarray(load_mat(path).get(key))
    if points.shape != (68, 2) or points.dtype.kind not in "iuf" or not np.isfinite(points).all():
        raise DatasetError(path, f"`{key}` must be 68 finite x y, not {points.dtype} {points.shape}")
    return points.astype("float64")
