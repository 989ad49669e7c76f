"""Labeled Faces in the Wild: 6,000 pairs in ten folds (Huang et al., 2007)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kerasalign.datasets import DatasetError
from kerasalign.recognition.pairs import FacePairs


def read_lfw_pairs(root: str | os.PathLike, pairs: str | os.PathLike | None = None) -> FacePairs:
    """Reads LFW's `pairs.txt`, or a list of that format.

    The first line gives the number of folds and of pairs of each kind in a fold. Each fold lists pairs of one
    person, `name 1 4`, and then as many of two people, `name 1 other 2`; numbers are those of the photos
    `<name>/<name>_0001.jpg`.

    Args:
        root: Folder of the photos, one folder per person, or the folder that holds it as `lfw/`.
        pairs: The list; by default `pairs.txt` in `root`.

    Returns:
        The pairs; every photo is named once, in the order of the list.

    Raises:
        DatasetError: If the list is malformed or a photo is missing; it names the line.
        FileNotFoundError: If the folder or the list does not exist.
    """
    root = Path(root).expanduser()
    path = root / "pairs.txt" if pairs is None else Path(pairs).expanduser()
    for name, value in (("root", root), ("pairs", path)):
        if not value.exists():
            raise FileNotFoundError(f"`{name}` does not exist. Received: {name}={str(value)!r}")
    folder = root / "lfw" if (root / "lfw").is_dir() else root
    lines = [
        (number, line.split()) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.strip()
    ]
    folds, each = _header(path, lines[0][1] if lines else [])
    if len(lines) - 1 != 2 * folds * each:
        raise DatasetError(path, f"{len(lines) - 1} pairs, but {folds} folds of {each} + {each} were announced", 1)
    photos: dict[Path, int] = {}
    rows, same = [], []
    for index, (number, words) in enumerate(lines[1:]):
        one_person = index % (2 * each) < each
        row = []
        for photo in _photos(folder, path, number, words, one_person):
            if photo not in photos and not photo.is_file():
                raise DatasetError(path, f"the photo {photo.relative_to(folder).as_posix()} is not there", number)
            row.append(photos.setdefault(photo, len(photos)))
        rows.append(row)
        same.append(one_person)
    return FacePairs(list(photos), np.array(rows), np.array(same), folds, "LFW")


def _header(path: Path, words: list[str]) -> tuple[int, int]:
    if len(words) != 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise DatasetError(path, f"the first line must be `folds pairs`, not {' '.join(words)[:40]!r}", 1)
    return int(words[0]), int(words[1])


def _photos(folder: Path, path: Path, number: int, words: list[str], one_person: bool) -> tuple[Path, Path]:
    expected = "`name number number`" if one_person else "`name number name number`"
    if one_person and len(words) == 3:
        words = [words[0], words[1], words[0], words[2]]
    elif one_person or len(words) != 4:
        raise DatasetError(
            path,
            f"a pair of {'one person' if one_person else 'two people'} is {expected}, not {' '.join(words)[:60]!r}",
            number,
        )
    if not (words[1].isdecimal() and words[3].isdecimal()):
        raise DatasetError(path, f"a pair is {expected}, not {' '.join(words)[:60]!r}", number)
    first, second = (folder / name / f"{name}_{int(count):04d}.jpg" for name, count in (words[:2], words[2:]))
    return first, second
