"""Miniatures of what annotation tools export."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from kerasalign.datasets.miniature.own_points import SPLITS, draw_faces
from kerasalign.geometry import tight_box


def make_labelme(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `train/` and `test/` with a photo and a JSON file for each face, as LabelMe saves them."""
    for split in SPLITS:
        for photo, landmarks in draw_faces(root / split, rng, faces):
            width, height = _size(photo)
            points = (landmarks + 0.5).tolist()
            box = (tight_box(landmarks) + 0.5).reshape(2, 2).tolist()
            shapes = [
                {"label": str(i), "points": [point], "group_id": 1, "shape_type": "point", "flags": {}}
                for i, point in enumerate(points)
            ]
            shapes.append({"label": "face", "points": box, "group_id": 1, "shape_type": "rectangle", "flags": {}})
            content = {
                "version": "5.5.0",
                "flags": {},
                "shapes": shapes,
                "imagePath": photo.name,
                "imageData": None,
                "imageHeight": height,
                "imageWidth": width,
            }
            photo.with_suffix(".json").write_text(json.dumps(content), "utf-8")


def make_via(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.json` and `test.json`, as VIA exports them."""
    for split in SPLITS:
        content = {}
        for photo, landmarks in draw_faces(root / "photos" / split, rng, faces):
            regions = [
                {"shape_attributes": {"name": "point", "cx": x, "cy": y}, "region_attributes": {"landmark": f"p{i}"}}
                for i, (x, y) in enumerate(landmarks.tolist())
            ]
            size = photo.stat().st_size
            listed = photo.relative_to(root).as_posix()
            content[f"{listed}{size}"] = {
                "filename": listed,
                "size": size,
                "regions": regions,
                "file_attributes": {},
            }
        (root / f"{split}.json").write_text(json.dumps(content), "utf-8")


def make_label_studio(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.json` and `test.json`, as Label Studio exports them."""
    for split in SPLITS:
        tasks = []
        for key, (photo, landmarks) in enumerate(draw_faces(root / "photos" / split, rng, faces), start=1):
            size = np.array(_size(photo))
            result = [
                {
                    "original_width": int(size[0]),
                    "original_height": int(size[1]),
                    "value": {"x": x, "y": y, "width": 0.5, "keypointlabels": [str(i + 1)]},
                    "id": f"{key}-{i}",
                    "from_name": "landmarks",
                    "to_name": "image",
                    "type": "keypointlabels",
                }
                for i, (x, y) in enumerate((100 * (landmarks + 0.5) / size).tolist())
            ]
            address = f"/data/local-files/?d=photos/{split}/{photo.name}"
            annotations = [{"id": key, "was_cancelled": False, "result": result}]
            tasks.append({"id": key, "annotations": annotations, "data": {"image": address}})
        (root / f"{split}.json").write_text(json.dumps(tasks), "utf-8")


def make_cvat(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.xml` (`points` for each face) and `test.xml` (a `skeleton`), as of CVAT."""
    for split in SPLITS:
        document = ElementTree.Element("annotations")
        ElementTree.SubElement(document, "version").text = "1.1"
        for key, (photo, landmarks) in enumerate(draw_faces(root / "photos" / split, rng, faces)):
            width, height = _size(photo)
            name = photo.relative_to(root).as_posix()
            attributes = {"id": str(key), "name": name, "width": str(width), "height": str(height)}
            image = ElementTree.SubElement(document, "image", attributes)
            points = [f"{x:.6f},{y:.6f}" for x, y in landmarks + 0.5]
            if split == "train":
                attributes = {"label": "face", "occluded": "0", "points": ";".join(points)}
                ElementTree.SubElement(image, "points", attributes)
                continue
            skeleton = ElementTree.SubElement(image, "skeleton", {"label": "face"})
            for i, point in enumerate(points):
                attributes = {"label": str(i + 1), "outside": "0", "occluded": "0", "points": point}
                ElementTree.SubElement(skeleton, "points", attributes)
        ElementTree.ElementTree(document).write(root / f"{split}.xml", "utf-8", xml_declaration=True)


def make_dlib(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.xml` and `test.xml`, as dlib's `imglab` writes them, in whole pixels."""
    for split in SPLITS:
        document = ElementTree.Element("dataset")
        images = ElementTree.SubElement(document, "images")
        for photo, landmarks in draw_faces(root / "photos" / split, rng, faces):
            image = ElementTree.SubElement(images, "image", {"file": photo.relative_to(root).as_posix()})
            x0, y0, x1, y1 = tight_box(landmarks.round()).astype(int).tolist()
            sides = {"top": y0, "left": x0, "width": x1 - x0 + 1, "height": y1 - y0 + 1}
            box = ElementTree.SubElement(image, "box", {key: str(value) for key, value in sides.items()})
            for i, (x, y) in enumerate(landmarks.round().astype(int).tolist()):
                ElementTree.SubElement(box, "part", {"name": f"{i:02d}", "x": str(x), "y": str(y)})
        ElementTree.ElementTree(document).write(root / f"{split}.xml", "utf-8", xml_declaration=True)


def _size(photo: Path) -> tuple[int, int]:
    with Image.open(photo) as image:
        return image.size
