"""Celebrities in Frontal-Profile: 7,000 pairs in ten folds (Sengupta et al., WACV 2016)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kerasalign.datasets import DatasetError
from kerasalign.recognition.pairs import FacePairs

# Lists of photos that the first and the second of a pair are taken from.
_LISTS = {"FP": ("F", "P"), "FF": ("F", "F")}


def read_cfp_pairs(root: str | os.PathLike, protocol: str = "FP") -> FacePairs:
    """Reads a protocol of CFP.

    Layout: each line of `Protocol/Pair_list_{F,P}.txt` is a number and the path of a photo, relative to `Protocol/`.
    Each line of `Protocol/Split/{FF,FP}/{01..10}/{same,diff}.txt` is two such numbers: `3,17`.

    Args:
        root: Folder of the data set.
        protocol: `"FP"` pairs a frontal photo with a profile, `"FF"` two frontal ones.

    Returns:
        The pairs, fold by fold, those of one person first.

    Raises:
        DatasetError: If a list is malformed, or folds or a photo are missing; it names file and line.
        FileNotFoundError: If the folder does not exist.
        ValueError: If the protocol is unknown.
    """
    if protocol not in _LISTS:
        raise ValueError(f"`protocol` must be one of {list(_LISTS)}. Received: protocol={protocol!r}")
    root = Path(root).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"`root` must be the folder of CFP; it does not exist. Received: root={str(root)!r}")
    start, lists = 0, {}
    photos: list[Path] = []
    for name in dict.fromkeys(_LISTS[protocol]):
        listed = _photo_list(root / "Protocol" / f"Pair_list_{name}.txt")
        lists[name] = {number: start + index for index, number in enumerate(listed)}
        photos += listed.values()
        start = len(photos)
    first, second = (lists[name] for name in _LISTS[protocol])
    split = root / "Protocol" / "Split" / protocol
    folds = sorted(path for path in split.iterdir() if path.is_dir()) if split.is_dir() else []
    if not folds:
        raise DatasetError(split, "there are no folds here, folders 01 to 10")
    pairs, same = [], []
    for fold in folds:
        for name, one_person in (("same.txt", True), ("diff.txt", False)):
            fold_pairs = [(first[a], second[b]) for a, b in _numbers(fold / name, first, second)]
            pairs += fold_pairs
            same += [one_person] * len(fold_pairs)
    return FacePairs(photos, np.array(pairs), np.array(same), len(folds), f"CFP-{protocol}")


def _photo_list(path: Path) -> dict[int, Path]:
    photos = {}
    for number, line in _lines(path):
        words = line.split(maxsplit=1)
        if len(words) != 2 or not words[0].isdecimal():
            raise DatasetError(path, f"a line is a number and a path, not {line[:60]!r}", number)
        photo = Path(os.path.normpath(path.parent / words[1].strip().replace("\\", "/")))
        if not photo.is_file():
            raise DatasetError(path, f"the photo {words[1].strip()} is not there", number)
        photos[int(words[0])] = photo
    return photos


def _numbers(path: Path, first: dict[int, int], second: dict[int, int]) -> list[tuple[int, int]]:
    pairs = []
    for number, line in _lines(path):
        words = [word.strip() for word in line.split(",")]
        if len(words) != 2 or not all(word.isdecimal() for word in words):
            raise DatasetError(path, f"a pair is two numbers `a,b`, not {line[:60]!r}", number)
        a, b = map(int, words)
        if a not in first or b not in second:
            raise DatasetError(path, f"the lists of photos have no photo of the pair {line.strip()!r}", number)
        pairs.append((a, b))
    return pairs


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(path, f"the list cannot be read ({error})") from error
    return [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
