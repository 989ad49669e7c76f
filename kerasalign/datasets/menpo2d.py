"""Menpo2D: 68 points on semi-frontal faces, 39 on profiles (Zafeiriou et al., CVPRW 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.photos import find_photo, list_photos
from kerasalign.datasets.pts import read_pts
from kerasalign.datasets.sample import FaceSample

_PROFILE_POINTS = 39
_FOLDERS = {"train": "trainset", "test": "testset"}


class Menpo2D(Dataset):
    """Menpo2D's semi-frontal faces: `train` and `test`; its authors keep the points of the test faces.

    Layout: `{trainset,testset}/semifrontal/` with photos and one `.pts` of the same name each. Profiles have 39
    points that share no numbering with the 68, left and right ones differ, and they are not read: neither
    `profile/` nor a file of 39 points among the others. Photos of the test set without points are left out
    without a word. A face is named by its folder and file: `"trainset/semifrontal/aflw__face_39844"`. Boxes: none.
    """

    name = "menpo2d"
    markup = "68"
    splits: ClassVar = {"train": 5658, "test": 5535}

    def recognize(self, root: Path) -> bool:
        return any(_folder(root, split).is_dir() for split in self.splits)

    def missing(self, root: Path, split: str) -> list[str]:
        folder = _folder(root, split)
        return [] if folder.is_dir() else [f"{folder.relative_to(root).as_posix()}/"]

    def faces(self, root: Path, split: str) -> Iterator[Finding]:
        folder = _folder(root, split)
        if not folder.is_dir():
            return
        photos = list_photos(folder)
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".pts" and path.name[0] != ".")
        for path in files:
            try:
                landmarks = read_pts(path)
                if len(landmarks) == _PROFILE_POINTS:
                    continue
                if len(landmarks) != 68:
                    raise DatasetError(path, f"{len(landmarks)} points, but a face has 68, or 39 if it is a profile")
                photo = find_photo(path, photos, path.stem)
            except DatasetError as error:
                yield error
                continue
            name = path.relative_to(root).with_suffix("").as_posix()
            yield FaceSample(photo, landmarks, self.markup, name, attributes={"subset": split})
        annotated = {path.stem for path in files}
        for stem in sorted(photos.keys() - annotated) if split == "train" else ():
            yield DatasetError(photos[stem][0], f"the photo has no points file {stem}.pts")


def _folder(root: Path, split: str) -> Path:
    return root / _FOLDERS[split] / "semifrontal"
