"""A user's own points in CVAT's XML for images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace
from kerasalign.datasets.listed_photos import ListedPhotos

# CVAT counts from the corner of the first pixel.
_TO_CENTERS = -0.5


class CvatPoints(ListedPhotos):
    """CVAT: "CVAT for images 1.1", one XML file with an `image` for each photo.

    A `points` (or `polyline`) of several points is a face in the markup's order. A `skeleton` is a face, too: the label
    of each of its points ends in the point's number (`"7"`, `"point_7"`; from 0, or from 1 to N), `outside` points
    are not annotated, `occluded` ones are not visible. CVAT counts from the corner of the first pixel: half a pixel
    is subtracted. A split `train` is `train.xml`; `"all"` is every XML file of the folder, and the data may also be
    one file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "cvat"
    tool = "CVAT"
    suffix = ".xml"

    def recognize(self, root: Path) -> bool:
        return any(b"<annotations>" in path.read_bytes()[:2000] for path in self.sources(root).values())

    def entries(self, path: Path) -> Iterable[ElementTree.Element]:
        return parse_xml(path).findall("image")

    def listed(self, entry: ElementTree.Element) -> str:
        return entry.get("name", "")

    def labeled(self, entry: ElementTree.Element) -> tuple[list[LabeledFace], tuple[int, int]]:
        return list(_faces(entry)), (int(entry.get("width", "")), int(entry.get("height", "")))


def parse_xml(path: Path) -> ElementTree.Element:
    """The root element of an XML file.

    Raises:
        DatasetError: If it is not XML, or declares entities, which could grow without limit.
    """
    content = path.read_bytes()
    if b"<!ENTITY" in content:
        raise DatasetError(path, "it declares entities, which are not read", 1)
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise DatasetError(path, f"not XML: {error}", error.position[0]) from error


def _faces(photo: ElementTree.Element) -> Iterator[LabeledFace]:
    for kind in ("points", "polyline"):
        for element in photo.findall(kind):
            points = _coordinates(element)
            if len(points) > 1:
                yield LabeledFace.in_order(points, element.get("occluded") == "1")
    for skeleton in photo.findall("skeleton"):
        face = LabeledFace()
        for element in skeleton.findall("points"):
            if element.get("outside") != "1":
                ((x, y),) = _coordinates(element)
                face.points.append((element.get("label", ""), x, y, element.get("occluded") == "1"))
        yield face


def _coordinates(element: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in element.get("points", "").split(";") if pair)
    return [(float(x) + _TO_CENTERS, float(y) + _TO_CENTERS) for x, y in pairs]
