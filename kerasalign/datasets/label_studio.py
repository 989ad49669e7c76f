"""A user's own points in Label Studio's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kerasalign.datasets.labeled_points import LabeledFace, number
from kerasalign.datasets.listed_photos import ListedPhotos


class LabelStudioPoints(ListedPhotos):
    """Label Studio: tasks exported as JSON, with `keypointlabels` in percent of the photo.

    The label of a point ends in its number (`"7"`, `"point_7"`; from 0, or from 1 to N). Points of the same `parentID`
    are a face, and so are those without one; the parent may be a `rectanglelabels`, which is then the box
    `"detector"`. Only the first annotation of a task that was not cancelled counts. Percent become pixels of the
    photo's size in the file, which must be that of the upright photo. A photo is found by its path from the JSON
    file's folder, or by its name, also without the eight digits that an upload adds. Splits are as for `coco`.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "label-studio"
    tool = "Label Studio"
    suffix = ".json"

    def recognize(self, root: Path) -> bool:
        return any(b'"keypointlabels"' in path.read_bytes() for path in self.sources(root).values())

    def entries(self, path: Path) -> Iterable[Mapping[str, Any]]:
        return list(json.loads(path.read_text(encoding="utf-8-sig")))

    def listed(self, entry: Mapping[str, Any]) -> str:
        return _photo_of(entry)

    def labeled(self, entry: Mapping[str, Any]) -> tuple[list[LabeledFace], tuple[int, int] | None]:
        return _faces(entry)


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
