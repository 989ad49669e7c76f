"""A user's own points in dlib's XML, as `imglab` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from kerasalign.datasets.cvat import parse_xml
from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.labeled_points import LabeledFace, faces_of_photo, find_listed_photo
from kerasalign.datasets.own_points import OwnPoints, files_by_split
from kerasalign.markups import get_markup


class DlibPoints(OwnPoints):
    """dlib: one XML file, with `image file=...`, a `box` for each face and a `part name=...` for each point.

    A part's name ends in the point's number (`"07"`; from 0, or from 1 to N); points that are absent are not annotated.
    The `box` is the box `"detector"`; boxes with `ignore` and boxes without parts are left out. Coordinates are 0-based
    pixel centers. A split `train` is `train.xml`; `"all"` is every XML file of the folder, and the data may also be one
    file.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos).
    """

    name = "dlib"

    def recognize(self, root: Path) -> bool:
        contents = (path.read_bytes() for path in self.sources(root).values())
        return any(b"<images>" in content and b"<part " in content for content in contents)

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".xml")

    def faces(self, root: Path, split: str, markup: str = "68", images: str | Path | None = None) -> Iterator[Finding]:
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split not in ("all", subset):
                continue
            folder = path.parent if images is None else Path(images)
            try:
                photos = parse_xml(path).iter("image")
            except DatasetError as error:
                yield error
                continue
            for element in photos:
                listed = element.get("file", "")
                try:
                    faces = [_face(box) for box in element.findall("box") if _counts(box)]
                except ValueError as error:
                    yield DatasetError(path, f"photo {listed!r}: numbers that cannot be read ({error})")
                    continue
                photo = find_listed_photo(folder, listed)
                yield from faces_of_photo(path, photo, listed, faces, get_markup(markup), subset, taken)


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
