"""Check of a data set's folder: recognize it, count its faces, list missing and broken files."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PIL import Image, UnidentifiedImageError

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.own_points import OwnPoints
from kerasalign.datasets.plausibility import UNUSABLE, face_problem, set_problem
from kerasalign.datasets.registry import get_dataset, list_datasets
from kerasalign.datasets.report import DatasetReport, Fault
from kerasalign.datasets.sample import EmbeddedImage, FaceSample
from kerasalign.support.bounded import PHOTO, check_file
from kerasalign.support.images import open_photo
from kerasalign.support.progress import track

_log = logging.getLogger(__name__)
_ORIENTATION = 274  # EXIF tag; 5 to 8 swap width and height.


def check_dataset(root: str | os.PathLike, name: str | None = None, photos: bool = True, **options) -> DatasetReport:
    """Checks the folder of a data set, and changes nothing in it.

    Every annotation is read, every photo is decoded, and the faces of every split are counted against the
    official numbers. A face whose photo cannot be decoded is broken, and so is one whose points cannot be those of a
    face in its photo: annotated on a photo of another size, mostly outside, in one place, or -1 where they are missing.
    Points of a whole set that are in percent, or in another order than the markup's, are a fault too.

    Args:
        root: The folder (or, for a user's own CSV or JSON, the file).
        name: Name of the data set; `None` recognizes it.
        photos: Whether to decode the photos. Without, the check takes seconds.
        **options: Options of the data set's reader, such as `markup` for a user's own points.

    Returns:
        The report.

    Raises:
        FileNotFoundError: If `root` does not exist.
        ValueError: If the folder is not recognized, or as more than one data set, or the reader has no such option.
    """
    path = Path(root).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"`root` must be the folder of a data set; that path does not exist. Received: root={str(root)!r}"
        )
    dataset = get_dataset(name) if name is not None else recognize_dataset(path)
    dataset.check_options(options)
    splits = dataset.splits_of(path)
    findings: dict[str, list[Finding]] = {
        split: list(dataset.findings(path, split, **{**dataset.count_options, **options})) for split in splits
    }
    faults = {
        _fault(finding): None for found in findings.values() for finding in found if not isinstance(finding, FaceSample)
    }
    faces = [(split, face) for split, found in findings.items() for face in found if isinstance(face, FaceSample)]
    if photos:
        faces, unusable = _check_photos(faces)
        faults.update(dict.fromkeys(unusable))
    faults.update(dict.fromkeys(_check_sets(path, faces)))
    counts = Counter(split for split, _ in faces)
    folder_of = {face.name: face.attributes.get("folder") for _, face in faces}
    folders = Counter(folder_of.values())
    return DatasetReport(
        dataset=dataset.name,
        root=path,
        found={split: counts[split] for split in splits},
        expected=dict(splits),
        folders_found={folder: folders[folder] for folder in dataset.folders},
        folders_expected=dict(dataset.folders),
        missing=list(dict.fromkeys(item for split in splits for item in dataset.missing(path, split))),
        faults=list(faults),
    )


def recognize_dataset(root: Path) -> Dataset:
    """The data set in a folder; published data sets have priority over a user's own formats.

    Raises:
        ValueError: If the folder is not recognized, or as more than one data set.
    """
    found = [dataset for dataset in map(get_dataset, list_datasets()) if dataset.recognize(root)]
    found = [dataset for dataset in found if not isinstance(dataset, OwnPoints)] or found
    if len(found) != 1:
        names = [dataset.name for dataset in found]
        problem = f"holds more than one data set: {names}" if found else "is not recognized as a data set"
        raise ValueError(f"`root` {problem}; pass `name`, one of {list_datasets()}. Received: root={str(root)!r}")
    return found[0]


def _fault(finding: DatasetError | DatasetNote) -> Fault:
    if isinstance(finding, DatasetNote):
        return Fault(str(finding.path), finding.reason, face=False)
    return Fault(str(finding.path), finding.reason, finding.line)


def _check_photos(faces: list[tuple[str, FaceSample]]) -> tuple[list[tuple[str, FaceSample]], list[Fault]]:
    """Splits `(split, face)` pairs into those with a usable photo and the faults of the others."""
    sizes: dict[str, tuple[int, int] | str] = {}
    usable, faults = [], []
    for split, face in track(faces, "Checking photos"):
        key = str(face.image)
        if key not in sizes:
            sizes[key] = _photo_size(face.image)
        size = sizes[key]
        if isinstance(size, str):
            faults.append(Fault(key, size))
            continue
        problem = face_problem(face, size)
        if problem is not None:
            faults.append(Fault(key, problem))
            continue
        usable.append((split, face))
    return usable, faults


def _check_sets(root: Path, faces: list[tuple[str, FaceSample]]) -> list[Fault]:
    """What is wrong with the points of each markup's faces as a whole."""
    by_markup: dict[str, list[FaceSample]] = {}
    for _, face in faces:
        by_markup.setdefault(face.markup, []).append(face)
    problems = (set_problem(some, header_size) for some in by_markup.values())
    return [Fault(str(root), problem, face=False) for problem in problems if problem is not None]


def usable_faces(faces: Sequence[FaceSample], on_error: Literal["raise", "skip"] = "raise") -> list[FaceSample]:
    """The faces whose points can be those of a face in their photo, by the headers of the photos.

    Args:
        faces: The faces, of one markup.
        on_error: `"raise"`, or `"skip"` to leave out and log those whose points cannot.

    Raises:
        ValueError: If a face is unusable, or the units or the order of the points of the whole set are wrong.
    """
    if (problem := set_problem(faces, header_size)) is not None:
        raise ValueError(f"The annotations cannot be used: {problem}. Received: {len(faces)} faces")
    sizes: dict[str, tuple[int, int] | None] = {}
    usable = []
    for face in faces:
        key = str(face.image)
        if key not in sizes:
            sizes[key] = header_size(face)
        size = sizes[key]
        problem = None if size is None else face_problem(face, size, UNUSABLE)
        if problem is None:
            usable.append(face)
        elif on_error == "raise":
            raise DatasetError(key, problem)
        else:
            _log.warning("Left out %s: %s", key, problem)
    return usable


def header_size(face: FaceSample) -> tuple[int, int] | None:
    """Width and height of a face's photo, upright, from the file's header; `None` where there is no such file."""
    if isinstance(face.image, EmbeddedImage):
        return None
    try:
        with Image.open(face.image) as photo:
            width, height = photo.size
            return (height, width) if photo.getexif().get(_ORIENTATION, 1) >= 5 else (width, height)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _photo_size(image: Path | EmbeddedImage) -> tuple[int, int] | str:
    """Width and height after EXIF rotation, or the reason why the photo cannot be decoded."""
    try:
        if isinstance(image, EmbeddedImage):
            height, width = image.read().shape[:2]
            return width, height
        check_file(Path(image), PHOTO)
        with open_photo(image) as photo:
            width, height = photo.size
            swapped = photo.getexif().get(_ORIENTATION, 1) >= 5
            photo.draft(None, (1, 1))  # A JPEG is read to its end, but decoded at an eighth of its size.
            photo.load()
        return (height, width) if swapped else (width, height)
    except UnidentifiedImageError:
        return "not a picture"
    except DatasetError as error:
        return error.reason
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"cannot be decoded: {error}"
