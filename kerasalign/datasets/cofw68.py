"""COFW68: COFW's test photos with 68 points (Ghiasi and Fowlkes, 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.cofw import box_of_rectangle, cofw_file, cofw_photo
from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.mat import load_mat
from kerasalign.datasets.sample import FaceSample


class COFW68(Dataset):
    """COFW68: a `test` set only.

    Layout: `COFW68_Data/test_annotations/{1..507}_points.mat`, `COFW68_Data/cofw68_test_bboxes.mat`, and the
    photos in `COFW_test_color.mat` (or `COFW_color/COFW_test_color.mat`): file `i` is photo `i`, in numeric
    order. A face is named by it: `"test/0001"`, as in COFW. Boxes: `"detector"`, of 300W's detector.
    `visibility` is False for occluded points. Points count pixels from 1.
    """

    name = "cofw68"
    markup = "68"
    splits: ClassVar = {"test": 507}

    def recognize(self, root: Path) -> bool:
        return (root / "COFW68_Data").is_dir()

    def missing(self, root: Path, split: str) -> list[str]:
        needed = (_folder(root), _box_file(root), cofw_file(root, "test"))
        return [str(path.relative_to(root)) for path in needed if not path.exists()]

    def faces(self, root: Path, split: str) -> Iterator[Finding]:
        files = {}
        if _folder(root).is_dir():
            for path in _folder(root).glob("*_points.mat"):
                number = path.name.removesuffix("_points.mat")
                if number.isdecimal():
                    files[int(number)] = path
        if not files:
            return
        photos = cofw_file(root, "test")
        try:
            import h5py

            with h5py.File(photos, "r") as file:
                count = np.size(file["IsT"])
        except (OSError, KeyError) as error:
            yield DatasetError(photos, f"the photos of COFW's test set cannot be read ({error})")
            return
        boxes = np.empty((0, 4))
        if _box_file(root).is_file():
            try:
                boxes = _read_boxes(_box_file(root))
            except DatasetError as error:
                yield DatasetNote(error.path, error.reason)
        for number, path in sorted(files.items()):
            own = {}
            if number <= len(boxes):
                try:
                    own["detector"] = box_of_rectangle(boxes[number - 1], 1)
                except ValueError as error:
                    yield DatasetNote(_box_file(root), f"face {number}: {error}")
            try:
                if not 1 <= number <= count:
                    raise DatasetError(path, f"there is no photo {number} among the {count} of {photos.name}")
                landmarks, visibility = _read_points(path)
            except DatasetError as error:
                yield error
                continue
            yield FaceSample(
                image=cofw_photo(photos, "test", number),
                landmarks=landmarks,
                markup=self.markup,
                name=f"test/{number:04d}",
                boxes=own,
                visibility=visibility,
                attributes={"subset": "test"},
            )


def _folder(root: Path) -> Path:
    return root / "COFW68_Data" / "test_annotations"


def _box_file(root: Path) -> Path:
    return root / "COFW68_Data" / "cofw68_test_bboxes.mat"


def _read_boxes(path: Path) -> np.ndarray:
    boxes = np.asarray(load_mat(path).get("bboxes"))
    if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype.kind not in "iuf":
        raise DatasetError(path, "`bboxes` must hold [x y width height] of each face")
    return boxes.astype("float64")


def _read_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    contents = load_mat(path)
    points, occluded = (np.asarray(contents.get(key)) for key in ("Points", "Occ"))
    if points.shape != (68, 2) or points.dtype.kind not in "iuf" or not np.isfinite(points).all():
        raise DatasetError(path, f"`Points` must be 68 finite x y, not {points.dtype} {points.shape}")
    if occluded.size != 68:
        raise DatasetError(path, f"`Occ` must hold 68 flags, not {occluded.size}")
    return points.astype("float64") - 1.0, occluded.ravel() == 0
