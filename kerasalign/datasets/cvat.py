"""A user's own points in CVAT's XML for images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.markups import get_markup

# CVAT counts from the corner of the first pixel.
_TO_CENTERS = -0.5


class CvatPoints(OwnPoints):
    """CVAT: "CVAT for images 1.1", one XML file with an `image` for each photo.

    A `points` (or `polyline`) of several points is a face in the markup's order. A `skeleton` is a face, too: the label
    of each of its points ends in the point's number (`"7"`, `"point_7"`; from 0, or from 1 to N), `outside` points
    are not annotated, `occluded` ones are not visible. CVAT counts from the corner of the first pixel: half a pixel
    is subtracted. A split `train` is `train.xml`; `"all"` is every XML file of the folder, and the data may also be
    one file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "cvat"

    def recognize(self, root: Path) -> bool:
        return any(b"<annotations>" in path.read_bytes()[:2000] for path in self.sources(root).values())

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".xml")

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split not in ("all", subset):
                continue
            folder = path.parent if images is None else Path(images)
            try:
                photos = parse_xml(path).findall("image")
            except DatasetError as error:
                yield error
                continue
            for element in photos:
                listed = element.get("name", "")
                try:
                    faces = list(_faces(element))
                    size = (int(element.get("width", "")), int(element.get("height", "")))
                except ValueError as error:
                    yield DatasetError(path, f"photo {listed!r}: numbers that cannot be read ({error})")
                    continue
                photo = find_listed_photo(folder, listed)
                yield from faces_of_photo(path, photo, listed, faces, get_markup(markup), subset, taken, size)


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
