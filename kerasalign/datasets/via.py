"""A user's own points in the JSON of VIA, the VGG Image Annotator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo, number
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.markups import get_markup


class ViaPoints(OwnPoints):
    """VIA 2: annotations exported as JSON, or a saved project; `filename` and `regions` for each photo.

    A region of shape `point` is a point, an attribute of which ends in its number (`"7"`, `"point_7"`; from 0, or
    from 1 to N); the points of a photo are one face, unless an attribute `face` or `group` tells several apart. A
    `polyline` or `polygon` is a face in the markup's order. Coordinates are 0-based pixels. A split `train` is
    `train.json`; `"all"` is every JSON file of the folder, and the data may also be one file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "via"

    def recognize(self, root: Path) -> bool:
        contents = (path.read_bytes() for path in self.sources(root).values())
        return any(b'"regions"' in content and b'"shape_attributes"' in content for content in contents)

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".json")

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split not in ("all", subset):
                continue
            folder = path.parent if images is None else Path(images)
            try:
                content = json.loads(path.read_text(encoding="utf-8-sig"))
                photos = [
                    (str(photo["filename"]), list(photo["regions"]))
                    for photo in content.get("_via_img_metadata", content).values()
                ]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                yield DatasetError(path, f"not a file of VIA 2 ({error!r})")
                continue
            for listed, regions in photos:
                try:
                    faces = _faces(regions)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    yield DatasetError(path, f"photo {listed!r}: a region that cannot be read ({error})")
                    continue
                photo = find_listed_photo(folder, listed)
                yield from faces_of_photo(path, photo, listed, faces, get_markup(markup), subset, taken)


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
