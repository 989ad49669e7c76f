"""Annotations that cannot be of the photo are found by the check and by the training's crops."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kerasalign.data import build_cache
from kerasalign.datasets import check_dataset, read_dataset
from kerasalign.geometry import CropSpec
from kerasalign.markups import get_markup

MARKUP = get_markup("68")
SHAPE = MARKUP.mean_shape * 100 + np.array([110, 140])
SIZE = (240, 320)
SPEC = CropSpec(size=64, scale=1.6)


def with_marker(points, marker):
    points = points.copy()
    points[:2] = marker
    return points


WRONG = {
    "in 0..1": (SHAPE / SIZE, "within .* px: they must be in pixels"),
    "percent": (SHAPE / SIZE * 100, "they look like percent"),
    "one place": (SHAPE * 0 + 50, "within 0 px"),
    "-1 for missing": (with_marker(SHAPE, -1), r"is \(-1, -1\), off the others"),
    "0 for missing": (with_marker(SHAPE, 0), r"is \(0, 0\), off the others"),
    "many at one point": (np.concatenate([SHAPE[:59], SHAPE[58:59].repeat(9, 0)]), "10 points"),
    "left and right": (SHAPE[list(MARKUP.flip)], "left and right are swapped"),
    "another order": (np.random.default_rng(0).permutation(SHAPE), "not in the order of markup '68'"),
}


def write_csv(folder, points):
    Image.new("RGB", SIZE).save(folder / "a.jpg")
    header = "image," + ",".join(f"x{i},y{i}" for i in range(68))
    (folder / "train.csv").write_text(f"{header}\na.jpg,{','.join(map(str, np.ravel(points)))}\n")


def test_right_points_pass(tmp_path):
    for points in (SHAPE, SHAPE - np.array([55, 0]), np.where(np.arange(68)[:, None] < 17, np.nan, SHAPE)):
        write_csv(tmp_path, np.where(np.isnan(points), np.nan, points))
        text = (tmp_path / "train.csv").read_text().replace("nan", "")
        (tmp_path / "train.csv").write_text(text)
        assert check_dataset(tmp_path, "csv").faults == []
        assert len(build_cache(read_dataset("csv", tmp_path), SPEC, tmp_path / "cache")) == 1


@pytest.mark.parametrize("name", WRONG)
def test_points_that_are_no_face_in_the_photo(tmp_path, name):
    points, reason = WRONG[name]
    write_csv(tmp_path, points)
    (fault,) = check_dataset(tmp_path, "csv").faults
    with pytest.raises(ValueError, match=reason):
        raise ValueError(fault.reason)
    with pytest.raises(ValueError, match=reason):
        build_cache(read_dataset("csv", tmp_path), SPEC, tmp_path / "cache")


def test_one_odd_face_does_not_condemn_a_set(tmp_path):
    write_csv(tmp_path, SHAPE)
    (face,) = read_dataset("csv", tmp_path)
    odd = np.random.default_rng(0).permutation(SHAPE)
    faces = [replace(face, name=str(i), landmarks=odd if i == 0 else SHAPE) for i in range(3)]
    assert len(build_cache(faces, SPEC, tmp_path / "cache")) == 3


@pytest.mark.parametrize(
    ("size", "points"),
    [
        ((320, 240), np.stack([SHAPE[:, 1], 239 - SHAPE[:, 0]], 1)),
        ((120, 160), SHAPE / 2),
        (SIZE, SHAPE),
    ],
    ids=["EXIF ignored", "half-size copy", "right"],
)
def test_coco_of_a_photo_of_another_size(tmp_path, size, points):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", SIZE[::-1]).save(tmp_path / "a.jpg", exif=exif)
    image = {"id": 1, "file_name": "a.jpg", "width": size[0], "height": size[1]}
    annotation = {"id": 1, "image_id": 1, "keypoints": np.insert(points, 2, 2, axis=1).ravel().tolist()}
    (tmp_path / "train.json").write_text(json.dumps({"images": [image], "annotations": [annotation]}))
    faults = check_dataset(tmp_path, "coco").faults
    if size == SIZE:
        assert faults == [] and len(build_cache(read_dataset("coco", tmp_path), SPEC, tmp_path / "cache")) == 1
        return
    assert f"annotated on a photo of {size[0]} x {size[1]} px; this one has 240 x 320" in faults[0].reason
    with pytest.raises(ValueError, match="annotated on a photo of"):
        build_cache(read_dataset("coco", tmp_path), SPEC, tmp_path / "cache")
