"""A user's own points in Label Studio's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo, number
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.markups import get_markup


class LabelStudioPoints(OwnPoints):
    """Label Studio: tasks exported as JSON, with `keypointlabels` in percent of the photo.

    The label of a point ends in its number (`"7"`, `"point_7"`; from 0, or from 1 to N). Points of the same `parentID`
    are a face, and so are those without one; the parent may be a `rectanglelabels`, which is then the box
    `"detector"`. Only the first annotation of a task that was not cancelled counts. Percent become pixels of the
    photo's size in the file, which must be that of the upright photo. A photo is found by its path from the JSON
    file's folder, or by its name, also without the eight digits that an upload adds. Splits are as for `coco`.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "label-studio"

    def recognize(self, root: Path) -> bool:
        return any(b'"keypointlabels"' in path.read_bytes() for path in self.sources(root).values())

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".json")

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split not in ("all", subset):
                continue
            folder = path.parent if images is None else Path(images)
            try:
                tasks = list(json.loads(path.read_text(encoding="utf-8-sig")))
            except (ValueError, TypeError) as error:
                yield DatasetError(path, f"not a file of Label Studio ({error!r})")
                continue
            for index, task in enumerate(tasks):
                try:
                    listed = _photo_of(task)
                    faces, size = _faces(task)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    yield DatasetError(path, f"task {index}: not one of key points ({error})")
                    continue
                photo = find_listed_photo(folder, listed)
                yield from faces_of_photo(path, photo, listed, faces, get_markup(markup), subset, taken, size)


def _photo_of(task: Mapping[str, Any]) -> str:
    """The path of a task's photo: without server, and from local storage."""
    data = task["data"]
    address = urlsplit(str(data.get("image") or next(iter(data.values()))))
    return unquote(parse_qs(address.query).get("d", [address.path])[0]).lstrip("/")


def _faces(task: Mapping[str, Any]) -> tuple[list[LabeledFace], tuple[int, int] | None]:
    done = [annotation for annotation in task["annotations"] if not annotation.get("was_cancelled")]
    groups: dict[object, LabeledFace] = {}
    boxes, size = {}, None
    for item in done[0]["result"] if done else ():
        if item.get("type") not in ("keypointlabels", "rectanglelabels"):
            continue
        value, size = item["value"], (int(item["original_width"]), int(item["original_height"]))
        # Percent count from the corner of the first pixel.
        x, y = (size[i] * number(value, "xy"[i]) / 100 - 0.5 for i in (0, 1))
        if item["type"] == "rectanglelabels":
            side = [size[i] * number(value, ("width", "height")[i]) / 100 for i in (0, 1)]
            boxes[item.get("id")] = (x, y, x + side[0], y + side[1])
        else:
            group = groups.setdefault(item.get("parentID"), LabeledFace())
            group.points.append((str(value["keypointlabels"][0]), x, y, False))
    for parent, face in groups.items():
        face.box = boxes.get(parent)
    return list(groups.values()), size
