"""300W: the 68-point benchmark (Sagonas et al., ICCVW 2013) in its official layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.photos import find_photo, list_photos
from kerasalign.datasets.pts import read_pts
from kerasalign.datasets.sample import FaceSample
from kerasalign.datasets.w300_boxes import read_bounding_boxes
from kerasalign.geometry import box_iou, tight_box

# Training photos that are also test photos: LFPW train 0828, 0862, 0215 are LFPW test 0096, 0007, 0066.
TRAIN_DUPLICATES = frozenset(f"lfpw/trainset/image_{number}" for number in ("0828", "0862", "0215"))

_SPLIT_FOLDERS = {
    "train": ("afw", "helen/trainset", "lfpw/trainset"),
    "common": ("helen/testset", "lfpw/testset"),
    "challenging": ("ibug",),
    "full": ("helen/testset", "lfpw/testset", "ibug"),
    "private": ("01_Indoor", "02_Outdoor"),
    "private_indoor": ("01_Indoor",),
    "private_outdoor": ("02_Outdoor",),
}


class W300(Dataset):
    """300W: `train` (AFW, HELEN, LFPW), `common` (HELEN, LFPW), `challenging` (IBUG), `full` (both tests).

    The challenge's own test set of 600 photos, long kept private, is another one: `private`, and its halves
    `private_indoor` and `private_outdoor`. `"test"` is `full`, as papers that train on 300W mean it.

    Layout: `afw/`, `helen/{trainset,testset}/`, `lfpw/{trainset,testset}/`, `ibug/`, for the private set `01_Indoor/`
    and `02_Outdoor/`, each with photos and one `.pts` of the same name per face; `Bounding Boxes/bounding_boxes_*.mat`.
    A face is named by its folder and file: `"helen/testset/296814969_3"`.

    Reader options: `drop_duplicates` (True) leaves out the three training photos that are also test photos;
    `mirrors` (False) reads `_mirror` copies that some archives contain.
    """

    name = "300w"
    markup = "68"
    splits: ClassVar = {
        "train": 3148,
        "common": 554,
        "challenging": 135,
        "full": 689,
        "private": 600,
        "private_indoor": 300,
        "private_outdoor": 300,
    }
    aliases: ClassVar = {"test": "full"}
    count_options: ClassVar = {"drop_duplicates": False}
    folders: ClassVar = {
        "afw": 337,
        "helen/trainset": 2000,
        "lfpw/trainset": 811,
        "helen/testset": 330,
        "lfpw/testset": 224,
        "ibug": 135,
        "01_Indoor": 300,
        "02_Outdoor": 300,
    }

    def recognize(self, root: Path) -> bool:
        # Where file names do not tell cases apart, 300W-LP's AFW and IBUG pass for ours.
        large_pose = (root / "landmarks").is_dir()
        return not large_pose and any((root / folder).is_dir() for folder in self.folders)

    def missing(self, root: Path, split: str) -> list[str]:
        return [f"{folder}/" for folder in _SPLIT_FOLDERS[split] if not (root / folder).is_dir()]

    def faces(self, root: Path, split: str, drop_duplicates: bool = True, mirrors: bool = False) -> Iterator[Finding]:
        for folder in _SPLIT_FOLDERS[split]:
            if (root / folder).is_dir():
                for face in self._folder(root, folder, mirrors):
                    duplicate = isinstance(face, FaceSample) and face.name in TRAIN_DUPLICATES
                    if not (duplicate and drop_duplicates):
                        yield face

    def _folder(self, root: Path, folder: str, mirrors: bool) -> Iterator[Finding]:
        files, photos = _points_files(root / folder, mirrors), list_photos(root / folder)
        subset = next(split for split, folders in _SPLIT_FOLDERS.items() if folder in folders)
        boxes, without, elsewhere = {}, [], []
        mat = root / "Bounding Boxes" / f"bounding_boxes_{folder.replace('/', '_')}.mat"
        if mat.is_file():
            boxes, notes = read_bounding_boxes(mat)
            yield from notes
        for path in files:
            try:
                photo, landmarks = _photo_of(path, photos, folder), read_pts(path, 68)
            except DatasetError as error:
                yield error
                continue
            # Boxes are matched by name, never by order; LFPW's two folders share their names, so a box that
            # lies elsewhere than the points belongs to another photo of that name.
            own = boxes.get(path.stem, {})
            if not own:
                without.append(path.stem)
            elif box_iou(own["ground_truth"], tight_box(landmarks)) < 0.25:
                elsewhere.append(path.stem)
                own = {}
            name, attributes = f"{folder}/{path.stem}", {"subset": subset, "folder": folder}
            yield FaceSample(photo, landmarks, self.markup, name, own, attributes=attributes)
        if mat.is_file():
            for stems, what in ((without, "no box for"), (elsewhere, "the box lies off the points of")):
                if stems:
                    count = f"{len(stems)} of {len(files)} faces of {folder}"
                    yield DatasetNote(mat, f"{what} {count}: {', '.join(stems[:3])}")
        annotated = {path.stem for path in files}
        for stem in sorted(photos.keys() - annotated):
            if mirrors or not stem.endswith("_mirror"):
                yield DatasetError(photos[stem][0], f"the photo has no points file {stem}.pts")


def _points_files(folder: Path, mirrors: bool) -> list[Path]:
    files = [path for path in folder.iterdir() if path.suffix.lower() == ".pts"]
    return sorted(
        path for path in files if not path.name.startswith(".") and (mirrors or not path.stem.endswith("_mirror"))
    )


def _photo_of(path: Path, photos: dict[str, list[Path]], folder: str) -> Path:
    """The photo of a points file; in AFW a second face may stand beside the photo of the first."""
    several = re.fullmatch(r"(.+)_\d+", path.stem)
    if folder == "afw" and several and path.stem not in photos:
        for stem in (f"{several[1]}_1", several[1]):
            if stem in photos:
                return find_photo(path, photos, stem)
    return find_photo(path, photos, path.stem)
