"""A user's own points in the JSON of VIA, the VGG Image Annotator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasalign.datasets.labeled_points import LabeledFace, number
from kerasalign.datasets.listed_photos import ListedPhotos


class ViaPoints(ListedPhotos):
    """VIA 2: annotations exported as JSON, or a saved project; `filename` and `regions` for each photo.

    A region of shape `point` is a point, an attribute of which ends in its number (`"7"`, `"point_7"`; from 0, or
    from 1 to N); the points of a photo are one face, unless an attribute `face` or `group` tells several apart. A
    `polyline` or `polygon` is a face in the markup's order. Coordinates are 0-based pixels. A split `train` is
    `train.json`; `"all"` is every JSON file of the folder, and the data may also be one file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "via"
    tool = "VIA 2"
    suffix = ".json"

    def recognize(self, root: Path) -> bool:
        contents = (path.read_bytes() for path in self.sources(root).values())
        return any(b'"regions"' in content and b'"shape_attributes"' in content for content in contents)

    def entries(self, path: Path) -> Iterable[Mapping[str, Any]]:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        photos = content.get("_via_img_metadata", content).values()
        return [{"filename": str(photo["filename"]), "regions": list(photo["regions"])} for photo in photos]

    def listed(self, entry: Mapping[str, Any]) -> str:
        return entry["filename"]

    def labeled(self, entry: Mapping[str, Any]) -> tuple[list[LabeledFace], None]:
        return _faces(entry["regions"]), None


def _faces(regions: list[Mapping[str, Any]]) -> list[LabeledFace]:
    groups: dict[str, LabeledFace] = {}
    whole = []
    for region in regions:
        shape, texts = region["shape_attributes"], dict(region.get("region_attributes") or {})
        if shape["name"] == "point":
            group = groups.setdefault(str(texts.pop("face", texts.pop("group", ""))), LabeledFace())
            label = next((str(text) for text in texts.values() if any(map(str.isdigit, str(text)))), "")
            group.points.append((label, number(shape, "cx"), number(shape, "cy"), False))
        elif shape["name"] in ("polyline", "polygon"):
            whole.append(LabeledFace.in_order(zip(shape["all_points_x"], shape["all_points_y"], strict=True)))
    return [*groups.values(), *whole]
