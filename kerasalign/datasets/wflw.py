"""WFLW: 98 points, six attributes (Wu et al., CVPR 2018) in its official layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box

# In the order of the flags in a list file.
ATTRIBUTES = ("pose", "expression", "illumination", "makeup", "occlusion", "blur")

_SUBSETS = {"largepose": "pose", **{name: name for name in ATTRIBUTES[1:]}}
_NUMBERS = 196


class WFLW(Dataset):
    """WFLW: `train`, `test`, and the six subsets of the test set.

    Layout: `WFLW_images/<event>/<photo>.jpg`,
    `WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{train,test}.txt` and
    `WFLW_annotations/list_98pt_test/list_98pt_test{,_largepose,...}.txt`. A photo holds several faces, so
    a face is named by its list and line: `"test/0001"`. Boxes: `"detector"`, the detection rectangle of the
    list, which does not always contain the landmarks. Attributes: the six flags as bools.

    A subset is made of the flagged faces of the test list, so that its faces have boxes and their names are
    those of `test`. Where only `list_98pt_test` is there, that list is read, without boxes and flags.
    The lists do not say where they count pixels from; they are taken as 0-based, as all common readers do.
    """

    name = "wflw"
    markup = "98"
    splits: ClassVar = {
        "train": 7500,
        "test": 2500,
        "largepose": 326,
        "expression": 314,
        "illumination": 698,
        "makeup": 206,
        "occlusion": 736,
        "blur": 773,
    }

    def recognize(self, root: Path) -> bool:
        return any(_list_path(root, split, full).is_file() for split in self.splits for full in (True, False))

    def missing(self, root: Path, split: str) -> list[str]:
        needed = [_list_path(root, "train" if split == "train" else "test", True), root / "WFLW_images"]
        return [str(path.relative_to(root)) for path in needed if not path.exists()]

    def faces(self, root: Path, split: str) -> Iterator[Finding]:
        path = _list_path(root, "train" if split == "train" else "test", True)
        if path.is_file():
            flag = _SUBSETS.get(split)
            found, whole = Counter(), True
            for face in self._list(root, path, "train" if split == "train" else "test"):
                if not isinstance(face, FaceSample):
                    whole = whole and isinstance(face, DatasetNote)
                    yield face
                elif flag is None or face.attributes[flag]:
                    found[Path(str(face.image)).relative_to(root / "WFLW_images").as_posix()] += 1
                    yield face
            if whole:
                yield from _compare(_list_path(root, split, False), found, path)
        elif _list_path(root, split, False).is_file():
            yield from self._list(root, _list_path(root, split, False), split)

    def _list(self, root: Path, path: Path, prefix: str) -> Iterator[Finding]:
        for number, line in enumerate(_lines(path), start=1):
            if line.strip():
                try:
                    yield from self._face(root, path, prefix, number, line.split())
                except DatasetError as error:
                    yield error

    def _face(self, root: Path, path: Path, prefix: str, number: int, tokens: list[str]) -> Iterator[Finding]:
        full = "rect_attr" in path.name
        expected = _NUMBERS + (11 if full else 1)
        if len(tokens) != expected:
            raise DatasetError(path, f"{len(tokens)} entries, but a face has {expected}", number)
        try:
            landmarks = np.array(tokens[:_NUMBERS], "float64").reshape(-1, 2)
            extra = np.array(tokens[_NUMBERS:-1], "float64")
        except ValueError as error:
            raise DatasetError(path, f"not a number: {error}", number) from error
        if not np.isfinite(landmarks).all():
            raise DatasetError(path, "a landmark is not finite", number)
        photo = root / "WFLW_images" / tokens[-1]
        if not photo.is_file():
            raise DatasetError(path, f"its photo WFLW_images/{tokens[-1]} is not there", number)
        boxes, flags = {}, {}
        if full:
            if not np.isin(extra[4:], (0, 1)).all():
                raise DatasetError(path, f"the six flags must be 0 or 1, not {tokens[-7:-1]}", number)
            flags = dict(zip(ATTRIBUTES, (extra[4:] == 1).tolist(), strict=True))
            try:
                boxes["detector"] = as_box(extra[:4], "rectangle")
            except ValueError as error:
                yield DatasetNote(path, f"line {number}: {error}")
        name, attributes = f"{prefix}/{number:04d}", {"subset": prefix, **flags}
        yield FaceSample(photo, landmarks, self.markup, name, boxes, attributes=attributes)


def _list_path(root: Path, split: str, full: bool) -> Path:
    """Path of a list: with rectangles and flags (`train`, `test`), or landmarks only (`test`, subsets)."""
    if full:
        return root / f"WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{split}.txt"
    suffix = "" if split == "test" else f"_{split}"
    return root / f"WFLW_annotations/list_98pt_test/list_98pt_test{suffix}.txt"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _compare(subset_list: Path, found: Counter, source: Path) -> Iterator[DatasetNote]:
    """Whether a subset's own list, where it is there, names the same photos as the flags do."""
    if subset_list.is_file():
        listed = Counter(line.split()[-1] for line in _lines(subset_list) if line.strip())
        if listed != found:
            differing = sum(((listed - found) + (found - listed)).values())
            yield DatasetNote(subset_list, f"{differing} faces differ from those that {source.name} gives")
