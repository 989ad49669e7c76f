import csv
import json
import logging

import numpy as np
import pytest

from kerasalign.datasets import DatasetError, check_dataset, make_miniature, read_dataset, write_pts

FORMATS = pytest.mark.parametrize("name", ["pts", "csv", "coco"])
FIVE = np.array([[60, 80], [100, 82], [80, 100], [65, 120], [95, 121.5]])


@FORMATS
def test_splits_are_what_is_there(miniature, name):
    root = miniature(name)
    train, test, everything = (read_dataset(name, root, split) for split in ("train", "test", "all"))
    assert len(train) + len(test) == len(everything)
    assert {s.name for s in train} | {s.name for s in test} == {s.name for s in everything}
    with pytest.raises(ValueError, match=r"must be one of \['all', 'test', 'train'\]"):
        read_dataset(name, root, "validation")


def test_the_three_formats_hold_the_same_faces(miniature):
    faces = [
        sorted(s.landmarks.tolist() for s in read_dataset(name, miniature(name), "all"))
        for name in ("pts", "csv", "coco")
    ]
    np.testing.assert_allclose(faces[0], faces[1], atol=2e-6)
    np.testing.assert_allclose(faces[0], faces[2], atol=2e-6)


@pytest.mark.parametrize(("name", "suffix"), [("csv", "csv"), ("coco", "json")])
def test_the_data_may_be_one_file(miniature, name, suffix):
    assert len(read_dataset(name, miniature(name) / f"train.{suffix}", "all")) == 4


@FORMATS
def test_other_markup_than_the_points_have(miniature, name):
    with pytest.raises(DatasetError, match="98"):
        read_dataset(name, miniature(name), "train", markup="98")


@pytest.mark.parametrize(("name", "file"), [("csv", "train.csv"), ("coco", "train.json")])
def test_photos_in_another_folder(own_copy, tmp_path, name, file):
    root = own_copy(name)
    (root / "photos").rename(tmp_path / "photos")
    with pytest.raises(DatasetError, match=rf"{file}.*photo .* is not there"):
        read_dataset(name, root)
    assert len(read_dataset(name, root, images=tmp_path)) == 4


@FORMATS
def test_an_unknown_option_is_answered_with_those_of_the_reader(miniature, name):
    for read in (read_dataset, lambda name, root, **options: check_dataset(root, name, **options)):
        with pytest.raises(ValueError, match=rf"reader of {name} takes the options .*'markup'.*Received: \['stride'\]"):
            read(name, miniature(name), stride=2)


def test_pts_folder_with_sub_folders(own_copy):
    root = own_copy("pts")
    (root / "train/deep").mkdir()
    for suffix in ("png", "pts"):
        (root / f"train/face_1.{suffix}").rename(root / f"train/deep/face_1.{suffix}")
    assert next(s.name for s in read_dataset("pts", root)) == "train/face_2"
    assert "train/deep/face_1" in [s.name for s in read_dataset("pts", root)]
    write_pts(root / "train/face_2.pts", FIVE)
    with pytest.raises(DatasetError, match=r"face_2\.pts:9: 5 points, but expected are 68"):
        read_dataset("pts", root)


@pytest.fixture
def photo(tmp_path):
    """A folder with `photos/a.png`."""
    from PIL import Image

    (tmp_path / "photos").mkdir()
    Image.new("RGB", (160, 160), "gray").save(tmp_path / "photos/a.png")
    return tmp_path


def write_csv(root, rows, header=None):
    header = header or ["image", *(f"{axis}{i}" for i in range(5) for axis in "xy")]
    with (root / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_csv_of_any_markup_with_gaps_and_two_faces_in_a_photo(photo):
    row = ["photos/a.png", *FIVE.ravel().tolist()]
    gap = row.copy()
    gap[3] = gap[4] = ""
    write_csv(photo, [row, [], gap])
    first, second = read_dataset("csv", photo, markup="5")
    assert (first.name, second.name) == ("photos/a", "photos/a#2")
    np.testing.assert_array_equal(first.landmarks, FIVE)
    assert np.isnan(second.landmarks[1]).all()
    assert np.isfinite(np.delete(second.landmarks, 1, 0)).all()
    np.testing.assert_array_equal(second.box(), [60, 80, 95, 121.5])


def test_csv_columns_in_any_order_with_name_box_and_others(photo):
    header = [
        "note",
        "y0",
        "x0",
        *(f"{axis}{i}" for i in range(1, 5) for axis in "xy"),
        " image",
        "name",
        "box_x0",
        "box_y0",
        "box_x1",
        "box_y1",
    ]
    row = ["x", 80, 60, *FIVE[1:].ravel(), "photos/a.png", "Ada", 50, 60, 110, 130]
    write_csv(photo, [row], header)
    (sample,) = read_dataset("csv", photo, markup="5", index_base=1)
    assert sample.name == "Ada"
    np.testing.assert_array_equal(sample.landmarks, FIVE - 1)
    np.testing.assert_array_equal(sample.box("detector"), [49, 59, 109, 129])


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({0: "photos/b.png"}, r"train\.csv:3: its photo 'photos/b\.png' is not there"),
        ({0: ""}, r"train\.csv:3: its photo '' is not there"),
        ({2: "left"}, r"train\.csv:3: could not convert"),
        ({2: ""}, r"train\.csv:3: a point needs both"),
        ({2: "inf"}, r"train\.csv:3: a point needs both"),
        (dict.fromkeys(range(1, 9), ""), r"train\.csv:3: fewer than two points"),
    ],
)
def test_csv_broken_line(photo, cells, reason):
    row = ["photos/a.png", *map(str, FIVE.ravel())]
    broken = [cells.get(index, cell) for index, cell in enumerate(row)]
    write_csv(photo, [row, broken, row])
    with pytest.raises(DatasetError, match=reason):
        read_dataset("csv", photo, markup="5")
    assert len(read_dataset("csv", photo, markup="5", on_error="skip")) == 2


def test_csv_lines_and_headers_that_do_not_fit(photo):
    row = ["photos/a.png", *map(str, FIVE.ravel())]
    write_csv(photo, [row[:-1]])
    with pytest.raises(DatasetError, match=r":2: 10 cells, but the header has 11"):
        read_dataset("csv", photo, markup="5")
    with pytest.raises(DatasetError, match=r":1: the header does not fit markup '68': it lacks x5, y5"):
        read_dataset("csv", photo)
    write_csv(photo, [], ["image", *(f"{axis}{i}" for i in range(6) for axis in "xy")])
    with pytest.raises(DatasetError, match=r":1: the header does not fit markup '5': it also has x5"):
        read_dataset("csv", photo, markup="5")
    (photo / "train.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match="it lacks image"):
        read_dataset("csv", photo, markup="5")


def coco(root, annotation=None, **changes):
    keypoints = np.insert(FIVE, 2, 2, axis=1).ravel().tolist()
    base = {"id": 1, "image_id": 7, "keypoints": keypoints, "bbox": [50, 60, 60, 70]}
    contents = {
        "images": [{"id": 7, "file_name": "photos/a.png"}],
        "annotations": [base, {**base, "id": 2, **(annotation or {})}],
        **changes,
    }
    (root / "train.json").write_text(json.dumps(contents))
    return keypoints


def test_coco_visibility_and_box(photo):
    keypoints = coco(photo)
    keypoints[2], keypoints[5] = 0, 1
    coco(photo, {"keypoints": keypoints})
    first, second = read_dataset("coco", photo, markup="5")
    assert (first.name, second.name) == ("photos/a#1", "photos/a#2")
    np.testing.assert_array_equal(first.landmarks, FIVE)
    np.testing.assert_array_equal(first.box("detector"), [50, 60, 110, 130])
    assert first.visibility.all()
    assert np.isnan(second.landmarks[0]).all()
    assert second.visibility.tolist() == [True, False, True, True, True]
    np.testing.assert_array_equal(second.landmarks[1], FIVE[1])


def test_coco_annotation_without_labeled_points_is_no_face(photo):
    coco(photo, {"keypoints": [0] * 15})
    assert len(read_dataset("coco", photo, markup="5")) == 1


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"image_id": 8}, "annotation 2: no photo"),
        ({"keypoints": None}, "annotation 2: no photo or no"),
        ({"keypoints": [1, 2]}, "annotation 2: no photo or no"),
        ({"keypoints": [1, 2, 2]}, "1 keypoints, but markup '5' has 5"),
        ({"keypoints": [1, 2, 2] + [0] * 12}, "fewer than two"),
        ({"keypoints": [float("nan"), 2, 2] * 5}, "not finite"),
    ],
)
def test_coco_broken_annotation(photo, annotation, reason):
    coco(photo, annotation)
    with pytest.raises(DatasetError, match=rf"train\.json: .*{reason}"):
        read_dataset("coco", photo, markup="5")
    assert [s.name for s in read_dataset("coco", photo, markup="5", on_error="skip")] == ["photos/a#1"]


def test_coco_broken_box_costs_the_box_only(photo, caplog):
    coco(photo, {"bbox": [50, 60, 0, 70]})
    with caplog.at_level(logging.WARNING):
        assert [set(s.boxes) for s in read_dataset("coco", photo, markup="5")] == [{"detector"}, set()]
    assert "annotation 2" in caplog.text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{\n"images": [,]}', r"train\.json:2: not JSON"),
        ("[]", "`images` and `annotations` are needed"),
        ('{"images": [{"id": 1}], "annotations": []}', "file_name"),
    ],
)
def test_coco_broken_file(tmp_path, content, reason):
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(DatasetError, match=reason):
        read_dataset("coco", tmp_path)


def test_miniature_arguments(tmp_path):
    with pytest.raises(ValueError, match="Received: name='300v'"):
        make_miniature("300v", tmp_path / "a")
    with pytest.raises(ValueError, match="Received: faces=0"):
        make_miniature("300w", tmp_path / "a", faces=0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="new or an empty folder"):
        make_miniature("300w", tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["mine.txt"]
    assert len(read_dataset("300w", make_miniature("300w", tmp_path / "c", faces=1), "full")) == 3
