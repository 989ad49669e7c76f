"""AFLW: 19 points on faces of all poses (Koestinger et al., 2011), with the split of Zhu et al. (CVPR 2016)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np

from kerasalign.datasets.aflw_sqlite import read_sqlite
from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.mat import load_mat
from kerasalign.datasets.photos import list_photos
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box

_POINTS, _TRAIN, _TOTAL = 19, 20_000, 24_386
_SIZES = {"bbox": 4, "data": 2 * _POINTS, "mask_new": _POINTS}


class AFLW(Dataset):
    """AFLW in both of its forms: `train` and `test` of `AFLWinfo_release.mat`, and `all` of `aflw.sqlite`.

    The first is that of the CCL paper, with the split that most papers use: 20,000 faces in the order of its list `ra`
    train, 4,386 test; a list of another length is divided in the same proportion. All 19 points have coordinates,
    guessed ones where a point is hidden: `visibility` is False there. The second is AFLW's own database: a point that
    is hidden has no coordinates, and is NaN. Ears, which AFLW's 21 points have, are left out in both.

    Layout: one of these files in the folder or in `data/`, the photos in `0/`, `2/` and `3/` of the folder, of
    `data/flickr/` or of `flickr/`. Some copies hold `.png` photos that the lists call `.jpg`: a photo is found by its
    name without the extension. Boxes: `"ground_truth"`, the data set's face box.

    Reader options: `index_base` (1): the pixel that the `.mat` file counts from, which its authors do not say.
    """

    name = "aflw"
    markup = "19"
    splits: ClassVar = {"train": _TRAIN, "test": _TOTAL - _TRAIN, "all": None}
    aliases: ClassVar = {"full": "test"}

    def recognize(self, root: Path) -> bool:
        return root.is_dir() and any(self._file(root, split) for split in ("train", "all"))

    def splits_of(self, root: Path) -> Mapping[str, int | None]:
        found = {split: number for split, number in self.splits.items() if self._file(root, split)}
        return found or self.splits

    def missing(self, root: Path, split: str) -> list[str]:
        needed = [] if self._file(root, split) else [_file_name(split)]
        return needed if _photo_root(root) else [*needed, "data/flickr/"]

    def faces(self, root: Path, split: str, index_base: int = 1) -> Iterator[Finding]:
        path, folder = self._file(root, split), _photo_root(root)
        if path is None or folder is None:
            return
        find = _Finder(folder)
        if split == "all":
            yield from read_sqlite(path, find, self.markup)
            return
        try:
            names, values, order = _read_mat(path)
        except DatasetError as error:
            yield error
            return
        cut = round(len(order) * _TRAIN / _TOTAL)
        for row in order[:cut] if split == "train" else order[cut:]:
            name = str(names[row]).strip()
            try:
                photo, (x0, x1, y0, y1) = find(name, path), values["bbox"][row] - index_base
                points = values["data"][row].reshape(2, _POINTS).T - index_base
                if not np.isfinite(points).all():
                    raise DatasetError(path, f"a landmark of row {row + 1} is not finite")
                boxes = {"ground_truth": as_box((x0, y0, x1, y1), "bbox")}
            except DatasetError as error:
                yield error
            except ValueError as error:
                yield DatasetError(path, f"row {row + 1}: {error}")
            else:
                key = f"{PurePosixPath(name).with_suffix('')}_{row + 1}"
                seen = values["mask_new"][row] > 0
                yield FaceSample(photo, points, self.markup, key, boxes, seen, {"subset": split})

    def _file(self, root: Path, split: str) -> Path | None:
        places = (root / _file_name(split), root / "data" / _file_name(split))
        return next((path for path in places if path.is_file()), None)


def _file_name(split: str) -> str:
    return "aflw.sqlite" if split == "all" else "AFLWinfo_release.mat"


def _read_mat(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Names of photos, numbers of faces, and the 0-based order of the rows.

    Raises:
        DatasetError: If the file is not of the format.
    """
    contents = load_mat(path)
    lacking = [key for key in ("nameList", "ra", *_SIZES) if key not in contents]
    if lacking:
        raise DatasetError(path, f"it has no {', '.join(lacking)}")
    names = np.atleast_1d(np.asarray(contents["nameList"], dtype=object)).ravel()
    order = np.atleast_1d(np.asarray(contents["ra"])).ravel().astype("int64") - 1
    if not np.array_equal(np.sort(order), np.arange(len(names))):
        raise DatasetError(path, f"`ra` must number the {len(names)} rows from 1, each once")
    values = {}
    for key, width in _SIZES.items():
        values[key] = np.atleast_2d(np.asarray(contents[key], "float64"))
        if values[key].shape != (len(names), width):
            raise DatasetError(path, f"`{key}` must be {len(names)} rows of {width}, not {values[key].shape}")
    return names, values, order


def _photo_root(root: Path) -> Path | None:
    """The folder that holds `0/`, `2/` and `3/`."""
    places = (root / "data" / "flickr", root / "flickr", root / "images", root)
    return next((place for place in places if any((place / part).is_dir() for part in "023")), None)


class _Finder:
    """Photos by the names that the lists give them."""

    def __init__(self, root: Path):
        self.root = root
        self.folders: dict[Path, dict[str, list[Path]]] = {}

    def __call__(self, name: str, source: Path) -> Path:
        path = self.root / name
        if path.parent not in self.folders:
            self.folders[path.parent] = list_photos(path.parent) if path.parent.is_dir() else {}
        found = self.folders[path.parent].get(path.stem, [])
        if path in found:
            return path
        if len(found) != 1:
            raise DatasetError(source, f"its photo {name} is not there")
        return found[0]
