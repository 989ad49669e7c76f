"""Annotations that no photo can have: an error of the data set, which `on_error="skip"` leaves out."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from kerasalign.data import build_cache
from kerasalign.datasets import DatasetError, check_dataset, read_dataset
from kerasalign.geometry import CropSpec


def edit_csv(root, change):
    """Changes the cells of the second face."""
    path = root / "train.csv"
    lines = path.read_text().splitlines()
    cells = lines[2].split(",")
    change(lines[0].split(","), cells)
    lines[2] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


def set_cell(column, value):
    def change(header, cells):
        cells[header.index(column)] = value

    return change


CSV = {
    "1e300": set_cell("x3", "1e300"),
    "1e9": set_cell("y3", "1e9"),
    "1e5": set_cell("x3", "100000"),
    "-1e5": set_cell("x3", "-1e5"),
    "1e400": set_cell("x3", "1e400"),
    "a long cell": set_cell("image", "x" * 200_000),
    "a long name": set_cell("image", "x" * 5000),
    "a null character": set_cell("image", "photos/\0.png"),
    "a box far away": set_cell("box_x1", "1e9"),
}


@pytest.mark.parametrize("name", CSV)
def test_csv(own_copy, name):
    root = own_copy("csv")
    edit_csv(root, CSV[name])
    with pytest.raises(DatasetError):
        read_dataset("csv", root)
    assert len(read_dataset("csv", root, on_error="skip")) == 3
    report = check_dataset(root, "csv")
    assert len(report.faults) >= 1 and all(len(str(fault)) < 1000 for fault in report.faults)


def edit_coco(root, change):
    path = root / "train.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def keypoint(value):
    def change(content):
        content["annotations"][1]["keypoints"][:3] = [value, 10, 2]

    return change


def photo_name(value):
    def change(content):
        content["images"][1]["file_name"] = value

    return change


COCO = {
    "1e300": keypoint(1e300),
    "10**400": keypoint(10**400),
    "1e5": keypoint(1e5),
    "a text": keypoint("x" * 5000),
    "null": keypoint(None),
    "a long name": photo_name("x" * 5000),
    "a null character": photo_name("a\0b"),
    "a list as the photo": lambda content: content["annotations"][1].update(image_id=[1]),
    "no annotation": lambda content: content["annotations"].__setitem__(1, None),
}


@pytest.mark.parametrize("name", COCO)
def test_coco(own_copy, name):
    root = own_copy("coco")
    edit_coco(root, COCO[name])
    with pytest.raises(DatasetError) as told:
        read_dataset("coco", root)
    assert len(str(told.value)) < 1000
    assert len(read_dataset("coco", root, on_error="skip")) >= 2


@pytest.mark.parametrize("content", ["[" * 100_000, '{"images": [1], "annotations": 2}', "[1]", '"text"', "9" * 5000])
def test_coco_that_is_none(own_copy, content):
    root = own_copy("coco")
    (root / "train.json").write_text(content)
    with pytest.raises(DatasetError, match=r"train\.json"):
        read_dataset("coco", root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(("name", "file"), [("csv", "more.csv"), ("coco", "more.json"), ("pts", "train/face_1.pts")])
def test_pipes_do_not_hang(own_copy, name, file):
    root = own_copy(name)
    (root / file).unlink(missing_ok=True)
    os.mkfifo(root / file)
    with pytest.raises(DatasetError):
        read_dataset(name, root, "all")


VALUES = {
    "NULL point": ("UPDATE FeatureCoords SET x = NULL WHERE face_id = 39341", True),
    "blob point": ("UPDATE FeatureCoords SET x = x'00' WHERE face_id = 39341", True),
    "1e300": ("UPDATE FeatureCoords SET x = 1e300 WHERE face_id = 39341", True),
    "NULL photo": ("UPDATE FaceImages SET filepath = NULL WHERE image_id = 0", True),
    "blob photo": ("UPDATE FaceImages SET filepath = x'ff00' WHERE image_id = 0", True),
    "NULL pose": ("UPDATE FacePose SET roll = NULL", False),
    "text pose": ("UPDATE FacePose SET roll = 'north'", False),
    "NULL box": ("UPDATE FaceRect SET w = NULL", False),
}


@pytest.mark.parametrize("name", VALUES)
def test_aflw(miniature, tmp_path, name):
    root = shutil.copytree(miniature("aflw"), tmp_path / "aflw")
    command, broken = VALUES[name]
    everything = len(read_dataset("aflw", root, "all"))
    with closing(sqlite3.connect(root / "data" / "aflw.sqlite")) as database, database:
        database.execute(command)
    left = read_dataset("aflw", root, "all", on_error="skip")
    assert (len(left) < everything) == broken and len(left) >= everything - 2


def test_what_no_reader_thought_of_is_an_error_of_the_data_set(miniature, monkeypatch):
    from kerasalign.datasets import get_dataset

    reader = get_dataset("csv")

    def faces(self, root, split, **options):
        yield from ()
        raise KeyError("surprise")

    monkeypatch.setattr(type(reader), "faces", faces)
    with pytest.raises(DatasetError, match=r"the reader cannot go on \(KeyError: .*surprise"):
        reader.read(miniature("csv"))


def test_faces_outside_of_their_photo_are_no_black_crops(miniature, tmp_path):
    faces = read_dataset("csv", miniature("csv"))
    away = replace(faces[1], landmarks=faces[1].landmarks + 50_000, boxes={})
    spec = CropSpec(32, 1.5)
    with pytest.raises(ValueError, match="outside of"):
        build_cache([faces[0], away], spec, tmp_path / "cache")
    cache = build_cache([faces[0], away], spec, tmp_path / "cache", on_error="skip")
    assert len(cache) == 1 and list(cache.skipped) == [away.name] and np.isfinite(cache.landmarks).all()
