"""A user's own points in dlib's XML, as `imglab` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from kerasalign.datasets.cvat import parse_xml
from kerasalign.datasets.labeled_points import LabeledFace
from kerasalign.datasets.listed_photos import ListedPhotos


class DlibPoints(ListedPhotos):
    """dlib: one XML file, with `image file=...`, a `box` for each face and a `part name=...` for each point.

    A part's name ends in the point's number (`"07"`; from 0, or from 1 to N); points that are absent are not annotated.
    The `box` is the box `"detector"`; boxes with `ignore` and boxes without parts are left out. Coordinates are 0-based
    pixel centers. A split `train` is `train.xml`; `"all"` is every XML file of the folder, and the data may also be one
    file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "dlib"
    tool = "dlib"
    suffix = ".xml"

    def recognize(self, root: Path) -> bool:
        contents = (path.read_bytes() for path in self.sources(root).values())
        return any(b"<images>" in content and b"<part " in content for content in contents)

    def entries(self, path: Path) -> Iterable[ElementTree.Element]:
        return parse_xml(path).iter("image")

    def listed(self, entry: ElementTree.Element) -> str:
        return entry.get("file", "")

    def labeled(self, entry: ElementTree.Element) -> tuple[list[LabeledFace], None]:
        return [_face(box) for box in entry.findall("box") if _counts(box)], None


def _counts(box: ElementTree.Element) -> bool:
    return box.get("ignore", "0") != "1" and box.find("part") is not None


def _face(box: ElementTree.Element) -> LabeledFace:
    left, top, width, height = (float(box.get(name, "nan")) for name in ("left", "top", "width", "height"))
    points = [
        (part.get("name", ""), float(part.get("x", "nan")), float(part.get("y", "nan")), False)
        for part in box.findall("part")
    ]
    # dlib's rectangles include their last pixel.
    return LabeledFace(points, (left, top, left + width - 1, top + height - 1))
