import json
import shutil

import numpy as np
import pytest
from PIL import Image

from kerasalign.datasets import check_dataset, get_dataset, list_datasets, read_dataset, write_pts

EVERY = pytest.mark.parametrize("name", list_datasets())


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@EVERY
def test_a_miniature_is_recognized_counted_and_left_as_it_was(miniature, name):
    root = miniature(name)
    before = contents(root)
    report = check_dataset(root)
    assert report.dataset == name
    assert report.ok
    assert report.missing == []
    assert report.found == {split: len(read_dataset(name, root, split)) for split in get_dataset(name).splits_of(root)}
    assert report.complete == (not any(get_dataset(name).splits.values()))
    assert contents(root) == before


@EVERY
def test_report_is_data_and_a_table(miniature, name):
    report = check_dataset(miniature(name), name, photos=False)
    data = json.loads(json.dumps(report.to_dict()))
    assert data["dataset"] == name
    for split, official in get_dataset(name).splits.items():
        assert data["splits"][split] == {"found": report.found[split], "expected": official}
    assert all(split in str(report) for split in report.found)
    assert len(report.tables()[0].rows) == len(report.expected) + len(report.folders_expected)


def test_counts_of_folders_and_what_is_missing(own_copy):
    root = own_copy("300w")
    shutil.rmtree(root / "afw")
    (root / "lfpw/testset/image_0004.pts").unlink()
    report = check_dataset(root)
    assert report.missing == ["afw/"]
    private = {"private_indoor": 4, "private_outdoor": 4, "private": 8}
    assert report.found == {"train": 8, "common": 7, "challenging": 4, "full": 11} | private
    assert report.folders_found["afw"] == 0
    assert report.folders_found["lfpw/testset"] == 3
    assert [fault.reason for fault in report.faults] == ["the photo has no points file image_0004.pts"]
    assert not report.ok
    assert not report.complete


def test_photos_that_are_also_test_photos_count(own_copy):
    root = own_copy("300w")
    for suffix in ("png", "pts"):
        (root / f"lfpw/trainset/image_0001.{suffix}").rename(root / f"lfpw/trainset/image_0828.{suffix}")
    assert check_dataset(root, photos=False).found["train"] == 12


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncated, "cannot be decoded"),
        (lambda path: path.write_text("no picture"), "not a picture"),
        (lambda path: path.write_bytes(b""), "not a picture"),
        (lambda path: Image.new("RGB", (20, 20)).save(path), "points of face helen/testset/00000001_1 lie outside"),
    ],
    ids=["truncated", "text", "empty", "other photo"],
)
def test_broken_photo(own_copy, damage, reason):
    root = own_copy("300w")
    photo = root / "helen/testset/00000001_1.jpg"
    damage(photo)
    report = check_dataset(root)
    assert report.found["common"] == 7
    (fault,) = report.faults
    assert fault.path == str(photo)
    assert reason in fault.reason
    assert check_dataset(root, photos=False).ok


def test_broken_annotation_is_listed_once_with_its_line(own_copy):
    root = own_copy("300w")
    path = root / "helen/testset/00000001_1.pts"
    path.write_text("version: 1\nn_points: 68\n{\n1 2\n3 x\n}\n")
    (fault,) = check_dataset(root).faults
    assert (fault.path, fault.line) == (str(path), 5)
    assert str(fault).startswith(f"{path}:5: ")


def test_a_box_file_that_names_other_photos_costs_no_face(own_copy):
    root = own_copy("300w")
    folder = root / "Bounding Boxes"
    shutil.copy(folder / "bounding_boxes_afw.mat", folder / "bounding_boxes_ibug.mat")
    report = check_dataset(root)
    assert report.found["challenging"] == 4
    (fault,) = report.faults
    assert not fault.face
    assert "no box for 4 of 4 faces of ibug" in fault.reason


def test_turned_photo_is_measured_as_it_is_seen(tmp_path):
    photo = Image.fromarray(np.zeros((60, 200, 3), "uint8"))
    exif = photo.getexif()
    exif[274] = 6
    photo.save(tmp_path / "a.jpg", exif=exif)
    write_pts(tmp_path / "a.pts", [[10, 150], [50, 150], [30, 160], [20, 190], [40, 190]])
    assert check_dataset(tmp_path, markup="5").found == {"all": 1}


def test_unknown_and_ambiguous_folders(tmp_path, own_copy):
    with pytest.raises(ValueError, match="`root` is not recognized"):
        check_dataset(tmp_path)
    with pytest.raises(FileNotFoundError, match="`root`"):
        check_dataset(tmp_path / "absent")
    root = own_copy("wflw")
    shutil.copytree(own_copy("300w"), root, dirs_exist_ok=True)
    with pytest.raises(ValueError, match="more than one"):
        check_dataset(root)
    assert check_dataset(root, "wflw", photos=False).found["train"] == 4


def test_long_lists_are_cut_in_print_only(own_copy):
    root = own_copy("300w")
    for index in range(30):
        (root / f"ibug/broken_{index}.pts").write_text("")
    report = check_dataset(root, photos=False)
    assert len(report.to_dict()["faults"]) == 30
    assert "Broken (30)" in str(report)
    assert "and 10 more" in str(report)
    assert str(report).count(".pts: the photo broken_") == 20
