"""A user's own points in LabelMe's JSON files, one for each photo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo
from kerasalign.datasets.own_points import OwnPoints
from kerasalign.markups import get_markup

# LabelMe counts from the corner of the first pixel.
_TO_CENTERS = -0.5


class LabelMePoints(OwnPoints):
    """LabelMe: `photo_1.json` for each photo, with `shapes`, `imagePath`, `imageWidth` and `imageHeight`.

    A shape of type `point` is a point, whose label ends in its number (`"7"`, `"point_7"`; from 0, or from 1 to N); the
    points of a `group_id` are a face, and so are those without one. A `points`, `linestrip` or `polygon` of several
    points is a face in the markup's order. A `rectangle` of the same group is the box `"detector"`. LabelMe counts from
    the corner of the first pixel: half a pixel is subtracted.

    A split is a sub-folder; `"all"` is the folder with all its sub-folders.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "labelme"

    def recognize(self, root: Path) -> bool:
        return root.is_dir() and any('"shapes"' in _head(path) for path in sorted(root.rglob("*.json"))[:20])

    def sources(self, root: Path) -> Mapping[str, Path]:
        return {path.name: path for path in sorted(root.iterdir()) if path.is_dir()} if root.is_dir() else {}

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        start = root if split == "all" else self.sources(root)[split]
        taken: set[str] = set()
        for path in sorted(start.rglob("*.json")):
            if path.name.startswith("."):
                continue
            try:
                content = json.loads(path.read_text(encoding="utf-8-sig"))
                faces = _faces(content["shapes"])
                listed = str(content["imagePath"])
                size = (int(content["imageWidth"]), int(content["imageHeight"]))
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                yield DatasetError(path, f"not a file of LabelMe ({error!r})")
                continue
            photo = find_listed_photo(path.parent if images is None else Path(images), listed)
            name = path.relative_to(root).with_suffix("").as_posix()
            yield from faces_of_photo(path, photo, name, faces, get_markup(markup), split, taken, size)


def _faces(shapes: list[Mapping[str, Any]]) -> list[LabeledFace]:
    groups: dict[object, LabeledFace] = {}
    whole = []
    for shape in shapes:
        kind = shape.get("shape_type", "polygon")
        points = [(float(x) + _TO_CENTERS, float(y) + _TO_CENTERS) for x, y in shape["points"]]
        group = groups.setdefault(shape.get("group_id"), LabeledFace())
        if kind == "rectangle":
            (x0, y0), (x1, y1) = points
            group.box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        elif len(points) == 1:
            group.points.append((str(shape["label"]), *points[0], False))
        else:
            whole.append(LabeledFace.in_order(points))
    return [face for face in groups.values() if face.points] + whole


def _head(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(4096)
