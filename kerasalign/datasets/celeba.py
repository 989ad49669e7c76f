"""CelebA: 202,599 photos of celebrities with five points (Liu et al., ICCV 2015)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box
from kerasalign.support.checks import one_of

_SIZE = (178, 218)
_NUMBERS = 10
_PARTITIONS = {"train": "01", "train-only": "0", "val": "1", "test": "2"}
_LISTS = {"aligned": "list_landmarks_align_celeba", "wild": "list_landmarks_celeba"}
_FOLDERS = {"aligned": "img_align_celeba", "wild": "img_celeba"}


class CelebA(Dataset):
    """CelebA: `train` (the official training and validation photos), `train-only`, `val` and `test`.

    Layout: `list_landmarks_align_celeba.txt` (or `list_landmarks_celeba.txt` and `list_bbox_celeba.txt`) and
    `list_eval_partition.txt` in the folder, in `Anno/` or in `Eval/`; the photos in `img_align_celeba/` (`img_celeba/`)
    of the folder or of `Img/`. The same lists as `.csv`, as Kaggle has them, are read too. A face is named by its
    photo: `"000001"`. The left eye of the lists is the viewer's left one, the person's right.

    Boxes: aligned photos have `"image"`, the whole photo; those in the wild have `"ground_truth"`, the list's box.
    The lists do not say where they count pixels from; they are taken as 0-based.

    Reader options: `images` (`"aligned"`): `"aligned"`, 178x218 px, or `"wild"`, the photos as they were found.
    """

    name = "celeba"
    markup = "5"
    splits: ClassVar = {"train": 182_637, "train-only": 162_770, "val": 19_867, "test": 19_962}

    def recognize(self, root: Path) -> bool:
        return root.is_dir() and any(_list(root, name) for name in _LISTS.values())

    def missing(self, root: Path, split: str) -> list[str]:
        kind = "aligned" if _list(root, _LISTS["aligned"]) or not _list(root, _LISTS["wild"]) else "wild"
        needed = [f"{name}.txt" for name in (_LISTS[kind], "list_eval_partition") if _list(root, name) is None]
        return needed if _folder(root, kind) else [*needed, f"Img/{_FOLDERS[kind]}/"]

    def faces(self, root: Path, split: str, images: str = "aligned") -> Iterator[Finding]:
        one_of("images", images, _LISTS)
        path, parts, folder = _list(root, _LISTS[images]), _list(root, "list_eval_partition"), _folder(root, images)
        if path is None or parts is None or folder is None:
            lists = {_LISTS[images]: path, "list_eval_partition": parts}
            absent = [f"{name}.txt" for name, found in lists.items() if found is None]
            absent += [] if folder else [f"Img/{_FOLDERS[images]}/"]
            yield DatasetError(root, f"for images={images!r} these are not there: {', '.join(absent)}")
            return
        try:
            partition = {name: row[0] for _, name, row in _rows(parts, 1, header=parts.suffix == ".csv")}
            wanted = {name for name, part in partition.items() if part in _PARTITIONS[split]}
            boxes = _boxes(root) if images == "wild" else {}
            names, lines, values = _numbers(path, partition, wanted)
        except DatasetError as error:
            yield error
            return
        photos = {photo.name for photo in os.scandir(folder)}
        whole = {"image": np.array([-0.5, -0.5, _SIZE[0] - 0.5, _SIZE[1] - 0.5])}
        for name, line, points in zip(names, lines, values):
            stem = name.rpartition(".")[0]
            photo = name if name in photos else f"{stem}.png"
            if photo not in photos:
                yield DatasetError(path, f"its photo {folder.name}/{name} is not there", line)
            elif images == "aligned" and ((points < -0.5) | (points >= _SIZE)).any():
                yield DatasetError(path, "a landmark is outside of an aligned photo: the list of the wild ones?", line)
            elif images == "wild" and name not in boxes:
                yield DatasetError(path, f"the list of boxes has no usable box of {name}", line)
            else:
                own = whole if images == "aligned" else {"ground_truth": boxes[name]}
                attributes = {"subset": split, "partition": int(partition[name])}
                yield FaceSample(folder / photo, points, self.markup, stem, own, attributes=attributes)


def _list(root: Path, stem: str) -> Path | None:
    places = (root / folder / f"{stem}{suffix}" for suffix in (".txt", ".csv") for folder in ("", "Anno", "Eval"))
    return next((path for path in places if path.is_file()), None)


def _folder(root: Path, images: str) -> Path | None:
    name = _FOLDERS[images]
    # Kaggle's archive unpacks into a folder of the same name.
    places = (root / name / name, root / name, root / "Img" / name, root / "Img" / f"{name}_png")
    return next((place for place in places if place.is_dir()), None)


def _rows(path: Path, numbers: int, header: bool = True) -> Iterator[tuple[int, str, list[str]]]:
    """Line, photo and entries of each row of a list; the count in its first line is checked.

    Raises:
        DatasetError: If a row has another number of entries, or the count is wrong.
    """
    lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    comma = "," if path.suffix == ".csv" else None
    first, count = 0, None
    if header:
        first = 1
        if comma is None:
            first = 2
            if not lines or not lines[0].strip().isdecimal():
                raise DatasetError(path, "its first line must say how many rows there are", 1)
            count = int(lines[0])
    found = 0
    for number, line in enumerate(lines[first:], first + 1):
        name, *entries = line.split(comma) or [""]
        if not name:
            continue
        if len(entries) != numbers:
            raise DatasetError(path, f"{len(entries)} entries after the name, but a row has {numbers}", number)
        found += 1
        yield number, name, entries
    if count not in (None, found):
        raise DatasetError(path, f"{found} rows, but its first line says {count}", 1)


def _numbers(path: Path, partition: dict[str, str], wanted: set[str]) -> tuple[list[str], list[int], np.ndarray]:
    """Names, lines and `(n, 5, 2)` points of the wanted photos of a list, in one array."""
    rows = list(_rows(path, _NUMBERS))
    unknown = next((row for row in rows if row[1] not in partition), None)
    if unknown:
        raise DatasetError(path, f"{unknown[1]} is in no partition", unknown[0])
    rows = [row for row in rows if row[1] in wanted]
    try:
        values = np.array([entries for _, _, entries in rows], dtype="U12").astype("float64")
    except ValueError as error:
        raise DatasetError(path, f"not a number: {error}") from error
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(1)))
        raise DatasetError(path, "a landmark is not finite", rows[row][0])
    return [row[1] for row in rows], [row[0] for row in rows], values.reshape(-1, 5, 2)


def _boxes(root: Path) -> dict[str, np.ndarray]:
    """Photo to box; a box without area is left out."""
    path = _list(root, "list_bbox_celeba")
    if path is None:
        raise DatasetError(root, "photos in the wild need list_bbox_celeba.txt")
    boxes = {}
    for number, name, entries in _rows(path, 4):
        try:
            x, y, width, height = map(float, entries)
        except ValueError as error:
            raise DatasetError(path, f"not a number: {error}", number) from error
        if width > 0 and height > 0:
            # The rectangle counts whole pixels, from the outer edge of the first.
            boxes[name] = as_box((x - 0.5, y - 0.5, x + width - 0.5, y + height - 0.5))
    return boxes
