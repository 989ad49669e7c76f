"""What people export from annotation tools is read with the same points as from a table."""

import json

import numpy as np
import pytest

from kerasalign.datasets import check_dataset, read_dataset

TOOLS = {"labelme": 1e-6, "via": 1e-6, "label-studio": 1e-6, "cvat": 1e-5, "dlib": 0.501}


@pytest.mark.parametrize("name", TOOLS)
def test_points_are_those_of_the_table(miniature, name):
    for split in ("train", "test"):
        expected = read_dataset("csv", miniature("csv"), split)
        found = read_dataset(name, miniature(name), split)
        assert len(found) == len(expected) == 4
        for a, b in zip(found, expected):
            np.testing.assert_allclose(a.landmarks, b.landmarks, atol=TOOLS[name])
            if a.boxes:
                np.testing.assert_allclose(a.box("detector"), b.box("detector"), atol=TOOLS[name])
    report = check_dataset(miniature(name))
    assert report.dataset == name and report.ok and report.found["all"] == 8


def rewrite(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def reasons(name, root, **options):
    return [fault.reason for fault in check_dataset(root, name, **options).faults]


def test_labelme_faces_of_one_photo_and_missing_points(own_copy):
    root = own_copy("labelme")
    path = root / "train" / "face_1.json"

    def change(content):
        second = [shape | {"group_id": 2} for shape in content["shapes"] if shape["shape_type"] == "point"]
        whole = [shape["points"][0] for shape in second]
        content["shapes"] = content["shapes"][3:] + second
        content["shapes"].append({"label": "face", "points": whole, "shape_type": "linestrip", "group_id": None})

    first = read_dataset("labelme", root)[0].landmarks
    rewrite(path, change)
    partly, second, whole = read_dataset("labelme", root)[:3]
    assert [face.name for face in (partly, second, whole)] == [f"train/face_1{end}" for end in ("", "#2", "#3")]
    assert np.isnan(partly.landmarks[:3]).all() and "detector" in partly.boxes
    np.testing.assert_allclose(partly.landmarks[3:], first[3:])
    np.testing.assert_allclose(second.landmarks, first)
    np.testing.assert_allclose(whole.landmarks, first)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c["shapes"][0].update(label="nose"), "must end in the point's number"),
        (lambda c: c["shapes"][0].update(label="1"), "point '1' is there twice"),
        (lambda c: c["shapes"][0].update(label="99"), "none of the 68"),
        (lambda c: c.update(imagePath="elsewhere.png"), "is not there"),
        (lambda c: c.update(imageWidth=10), "annotated on a photo of 10 x"),
        (lambda c: c.pop("shapes"), "not a file of LabelMe"),
        (lambda c: c["shapes"][0].update(points=[]), "not a file of LabelMe|must end|points"),
    ],
)
def test_what_cannot_be_read_of_labelme_is_a_fault_of_its_file(own_copy, change, reason):
    root = own_copy("labelme")
    rewrite(root / "train" / "face_1.json", change)
    faults = reasons("labelme", root)
    assert len(faults) == 1
    with pytest.raises(ValueError, match=reason):
        raise ValueError(faults[0])


def test_via_projects_and_several_faces(own_copy):
    root = own_copy("via")
    whole = read_dataset("via", root)[0].landmarks

    def change(content):
        photos = dict(content)
        content.clear()
        first = next(iter(photos.values()))
        for number, region in enumerate(first["regions"]):
            region["region_attributes"] = {"face": str(number % 2), "landmark": str(number)}
        content.update(_via_settings={}, _via_img_metadata=photos)

    rewrite(root / "train.json", change)
    even, odd = read_dataset("via", root)[:2]
    np.testing.assert_allclose(even.landmarks[::2], whole[::2])
    np.testing.assert_allclose(odd.landmarks[1::2], whole[1::2])
    assert np.isnan(even.landmarks[1::2]).all()


def test_label_studio_uploads_faces_with_a_box_and_cancelled_annotations(own_copy):
    root = own_copy("label-studio")
    before = read_dataset("label-studio", root)[0].landmarks

    def change(tasks):
        task = tasks[0]
        task["data"]["image"] = "/data/upload/3/0123abcd-face_1.png"
        result = task["annotations"][0]["result"]
        box = result[0] | {"id": "box", "type": "rectanglelabels"}
        box["value"] = {"x": 10, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["face"]}
        for item in result:
            item["parentID"] = "box"
        result.append(box)
        task["annotations"].insert(0, {"was_cancelled": True, "result": []})

    rewrite(root / "train.json", change)
    (root / "photos" / "train" / "face_1.png").rename(root / "face_1.png")
    face = read_dataset("label-studio", root)[0]
    np.testing.assert_allclose(face.landmarks, before)
    height, width = face.read_image().shape[:2]
    corners = np.array([0.1, 0.2, 0.4, 0.6]) * [width, height, width, height] - 0.5
    np.testing.assert_allclose(face.box("detector"), corners)


def test_cvat_points_that_are_outside_or_occluded(own_copy):
    path = own_copy("cvat") / "test.xml"
    text = path.read_text("utf-8").replace('label="1" outside="0"', 'label="1" outside="1"')
    path.write_text(text.replace('label="2" outside="0" occluded="0"', 'label="2" outside="0" occluded="1"'), "utf-8")
    for face in read_dataset("cvat", path.parent, "test"):
        assert np.isnan(face.landmarks[0]).all() and np.isfinite(face.landmarks[1:]).all()
        assert not face.visibility[1] and face.visibility[2:].all()


@pytest.mark.parametrize("name", ["cvat", "dlib"])
def test_xml_that_is_broken_or_could_grow(own_copy, name):
    root = own_copy(name)
    text = (root / "train.xml").read_text("utf-8")
    (root / "train.xml").write_text(text[:-20], "utf-8")
    assert reasons(name, root)[0].startswith("not XML")
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + text.split("?>", 1)[1]
    (root / "train.xml").write_text(bomb, "utf-8")
    assert "entities" in reasons(name, root)[0]


def test_dlib_leaves_out_what_is_ignored_and_parts_that_are_absent(own_copy):
    path = own_copy("dlib") / "train.xml"
    text = path.read_text("utf-8")
    text = text.replace("<box ", '<box ignore="1" ', 1).replace('<part name="05" ', '<part name="05" z="" ')
    path.write_text(text, "utf-8")
    faces = read_dataset("dlib", path.parent)
    assert [face.name for face in faces] == [f"photos/train/face_{i}" for i in (2, 3, 4)]
