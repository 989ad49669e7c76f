"""A user's own points in COCO keypoints JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.datasets.plausibility import ANNOTATED_SIZE
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box
from kerasalign.markups import Markup, get_markup
from kerasalign.support.bounded import ANNOTATIONS, read_bytes, read_json
from kerasalign.support.checks import shown
from kerasalign.support.files import is_file


class _Photo(NamedTuple):
    file_name: str
    size: tuple[int, int] | None


class CocoPoints(OwnPoints):
    """COCO keypoints: `images` with `id` and `file_name`, `annotations` with `image_id` and `keypoints`.

    `keypoints` is `[x, y, v, ...]`: v 0 is not annotated, 1 occluded, 2 visible. An annotation whose points
    all have v 0 is no face. `bbox` (`[x, y, width, height]`) gives the box `"detector"`. Coordinates are
    taken as 0-based pixel centers. An image's `width` and `height`, if given, must be those of the upright photo: the
    check and the training's crops compare them. `file_name` is a path from the JSON file's folder. A split `train` is
    `train.json`; `"all"` is every JSON file of the folder, and the data may also be one file. A face is named
    by photo and annotation: `"photos/a#17"`.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "coco"

    def recognize(self, root: Path) -> bool:
        contents = (_content(path) for path in self.sources(root).values())
        keys = (b'"keypoints"', b'"annotations"', b'"images"')
        return any(all(key in content for key in keys) for content in contents)

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".json")

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        for subset, path in self.sources(root).items():
            if split in ("all", subset):
                folder = path.parent if images is None else Path(images)
                try:
                    photos, annotations = _load(path)
                except DatasetError as error:
                    yield error
                    continue
                for annotation in annotations:
                    yield from _face(path, subset, folder, photos, annotation, get_markup(markup))


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path, ANNOTATIONS)
    except (OSError, ValueError):
        return b""


def _load(path: Path) -> tuple[dict[object, _Photo], list]:
    try:
        contents = read_json(path, ANNOTATIONS)
    except json.JSONDecodeError as error:
        raise DatasetError(path, f"not JSON: {error.msg}", error.lineno) from error
    except UnicodeDecodeError as error:
        raise DatasetError(path, "not a text file", 1) from error
    except (OSError, ValueError) as error:
        raise DatasetError(path, f"it cannot be read: {error}") from error
    try:
        photos = {image["id"]: _Photo(str(image["file_name"]), _size(image)) for image in contents["images"]}
        return photos, list(contents["annotations"])
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"not COCO keypoints: `images` and `annotations` are needed ({error!r})"
        raise DatasetError(path, reason) from error


def _size(image: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height that the file gives for a photo."""
    width, height = image.get("width"), image.get("height")
    return (int(width), int(height)) if width and height else None


def _face(
    path: Path, subset: str, folder: Path, photos: dict[object, _Photo], annotation: dict, markup: Markup
) -> Iterator[Finding]:
    key = annotation.get("id") if isinstance(annotation, dict) else None
    try:
        file_name, size = photos[annotation["image_id"]]
        keypoints = np.asarray(annotation["keypoints"], "float64").reshape(-1, 3)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"no photo or no [x, y, v] keypoints ({shown(error)})"
        yield DatasetError(path, f"annotation {shown(key)}: {reason}")
        return
    labeled = keypoints[:, 2] > 0
    if len(keypoints) == markup.num_points and not labeled.any():
        return
    problem = None
    if len(keypoints) != markup.num_points:
        problem = f"{len(keypoints)} keypoints, but markup '{markup.name}' has {markup.num_points}"
    elif labeled.sum() < 2:
        problem = "fewer than two points are annotated"
    elif not np.isfinite(keypoints[labeled]).all():
        problem = "a keypoint is not finite"
    elif not is_file(folder / file_name):
        problem = f"its photo {shown(file_name)} is not there"
    if problem:
        yield DatasetError(path, f"annotation {key}: {problem}")
        return
    boxes = {}
    if annotation.get("bbox"):
        try:
            x, y, width, height = annotation["bbox"]
            boxes["detector"] = as_box((x, y, x + width, y + height), "bbox")
        except (TypeError, ValueError, OverflowError) as error:
            yield DatasetNote(path, f"annotation {key}: {error}")
    yield FaceSample(
        image=folder / file_name,
        landmarks=np.where(labeled[:, None], keypoints[:, :2], np.nan),
        markup=markup.name,
        name=f"{PurePath(file_name).with_suffix('').as_posix()}#{key}",
        boxes=boxes,
        visibility=keypoints[:, 2] != 1,
        attributes={"subset": subset} | ({ANNOTATED_SIZE: size} if size else {}),
    )
