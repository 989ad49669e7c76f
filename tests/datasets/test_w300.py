import logging
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from kerasalign.datasets import DatasetError, get_dataset, read_dataset, read_pts, write_pts
from kerasalign.metrics import get_protocol

FACE = "helen/trainset/00000003_1"


def names(root, split="train", **options):
    return [sample.name for sample in read_dataset("300w", root, split, **options)]


def test_splits_are_made_of_their_folders(miniature):
    root = miniature("300w")
    splits = ("train", "common", "full")
    folders = {split: {n.rpartition("/")[0] for n in names(root, split)} for split in splits}
    assert folders["train"] == {"afw", "helen/trainset", "lfpw/trainset"}
    assert folders["common"] == {"helen/testset", "lfpw/testset"}
    assert folders["full"] == {"helen/testset", "lfpw/testset", "ibug"}
    assert names(root, "challenging") == [n for n in names(root, "full") if n.startswith("ibug/")]
    assert names(root, "test") == names(root, "full")


def test_the_private_set_is_none_of_the_others(miniature):
    root = miniature("300w")
    private = names(root, "private")
    assert private == names(root, "private_indoor") + names(root, "private_outdoor")
    assert {n.rpartition("/")[0] for n in private} == {"01_Indoor", "02_Outdoor"}
    assert not set(private) & set(names(root, "test")) and not set(private) & set(names(root))
    assert {s.attributes["subset"] for s in read_dataset("300w", root, "private")} == {"private"}
    protocol = get_protocol("300w-private-inter_ocular")
    assert (protocol.num_faces, protocol.subset, get_dataset("300w").splits["private"]) == (600, "private", 600)
    assert get_protocol("300w-private_indoor-inter_ocular").num_faces == 300


def test_subset_of_each_face_of_the_full_test(miniature):
    samples = read_dataset("300w", miniature("300w"), "full")
    subsets = {s.name.split("/")[0]: s.attributes["subset"] for s in samples}
    assert subsets == {"helen": "common", "lfpw": "common", "ibug": "challenging"}


def test_points_and_boxes_are_zero_based(miniature):
    sample = read_dataset("300w", miniature("300w"), "common")[0]
    on_disk = np.loadtxt(miniature("300w") / f"{sample.name}.pts", skiprows=3, max_rows=68)
    np.testing.assert_allclose(sample.landmarks, on_disk - 1)
    mat = loadmat(miniature("300w") / "Bounding Boxes/bounding_boxes_helen_testset.mat", simplify_cells=True)
    entry = mat["bounding_boxes"][0]
    assert entry["imgName"] == sample.image.name
    np.testing.assert_allclose(sample.box("detector"), entry["bb_detector"] - 1)
    np.testing.assert_allclose(sample.box("ground_truth"), sample.box("landmarks"), atol=1e-5)


def test_name_with_a_space(miniature):
    assert "ibug/image_092 _01" in names(miniature("300w"), "challenging")


def test_case_of_the_extension_does_not_matter(own_copy):
    root = own_copy("300w")
    (root / f"{FACE}.pts").rename(root / f"{FACE}.PTS")
    (root / f"{FACE}.jpg").rename(root / f"{FACE}.Jpeg")
    sample = next(s for s in read_dataset("300w", root) if s.name == FACE)
    assert sample.image.name == "00000003_1.Jpeg"
    assert any(s.image.suffix == ".JPG" for s in read_dataset("300w", root))


def test_faces_of_one_photo_are_different_faces(miniature):
    first, second = (s for s in read_dataset("300w", miniature("300w")) if s.name.startswith("afw/000001_"))
    assert not np.allclose(first.landmarks, second.landmarks)


def test_second_face_beside_the_photo_of_the_first(own_copy):
    root = own_copy("300w")
    (root / "afw/000001_2.jpg").unlink()
    first, second = (s for s in read_dataset("300w", root) if s.name.startswith("afw/000001_"))
    assert first.image == second.image
    # Elsewhere the number belongs to the photo, and a photo that is not there stays missing.
    (root / "helen/trainset/00000003_1.jpg").unlink()
    write_pts(root / "helen/trainset/00000004_2.pts", first.landmarks)
    with pytest.raises(DatasetError, match="00000003_1"):
        names(root)
    assert not {FACE, "helen/trainset/00000004_2"} & set(names(root, on_error="skip"))


def test_mirror_copies_are_read_only_when_asked_for(own_copy):
    root = own_copy("300w")
    before = names(root)
    for suffix in ("jpg", "pts"):
        shutil.copy(root / f"{FACE}.{suffix}", root / f"{FACE}_mirror.{suffix}")
    assert names(root) == before
    assert set(names(root, mirrors=True)) - set(before) == {f"{FACE}_mirror"}


def mode(path):
    with Image.open(path) as photo:
        return photo.mode


def test_grayscale_and_cmyk_photos_are_listed(miniature):
    modes = {mode(s.image) for split in ("train", "full") for s in read_dataset("300w", miniature("300w"), split)}
    assert modes == {"RGB", "L", "CMYK"}


def test_training_photos_that_are_test_photos_are_left_out(own_copy):
    root = own_copy("300w")
    for number in ("0828", "0862", "0215"):
        shutil.copy(root / "lfpw/trainset/image_0001.png", root / f"lfpw/trainset/image_{number}.png")
        shutil.copy(root / "lfpw/trainset/image_0001.pts", root / f"lfpw/trainset/image_{number}.pts")
    assert len(names(root)) == 12
    assert len(names(root, drop_duplicates=False)) == 15


def test_exclude_leaves_faces_out(miniature):
    before = names(miniature("300w"))
    assert names(miniature("300w"), exclude=[FACE]) == [n for n in before if n != FACE]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", r"00000003_1\.pts:1: the file is empty"),
        ("version: 1\nn_points: 68\n{\n1 2\n", r"00000003_1\.pts:4: the file ends after 1 points"),
        ("version: 1\nn_points: 1\n{\n1 2\n}\n", r"00000003_1\.pts:5: 1 points, but expected are 68"),
        ("version: 1\nn_points: 68\n{\nNaN NaN\n}\n", r"00000003_1\.pts:5: 1 points, but its header says 68"),
        ("a text about the photo", r"00000003_1\.pts:1: no `{`"),
        (None, r"00000003_1\.jpg: the photo has no points file"),
    ],
)
def test_broken_points_file(own_copy, caplog, content, reason):
    root = own_copy("300w")
    before = names(root)
    if content is None:
        (root / f"{FACE}.pts").unlink()
    else:
        (root / f"{FACE}.pts").write_text(content)
    with pytest.raises(DatasetError, match=reason):
        names(root)
    with caplog.at_level(logging.WARNING):
        assert names(root, on_error="skip") == [n for n in before if n != FACE]
    assert "00000003_1" in caplog.text


def test_missing_photo(own_copy):
    root = own_copy("300w")
    (root / f"{FACE}.jpg").unlink()
    with pytest.raises(DatasetError, match=r"00000003_1\.pts: the photo .* is not there"):
        names(root)
    assert FACE not in names(root, on_error="skip")


def test_two_photos_of_one_name_are_ambiguous(own_copy):
    root = own_copy("300w")
    shutil.copy(root / "lfpw/trainset/image_0001.png", root / f"{FACE}.png")
    with pytest.raises(DatasetError, match="more than one photo"):
        names(root)


def test_absent_folders_are_logged_and_an_empty_split_is_an_error(own_copy, caplog):
    root = own_copy("300w")
    shutil.rmtree(root / "ibug")
    with caplog.at_level(logging.WARNING):
        assert len(names(root, "full")) == 8
    assert "ibug/" in caplog.text
    with pytest.raises(DatasetError, match=r"no face .*'challenging'.*ibug/"):
        names(root, "challenging")


def test_hidden_files_are_not_faces(own_copy):
    root = own_copy("300w")
    before = names(root)
    (root / "helen/trainset/._00000003_1.pts").write_bytes(b"\x00\x05\x16\x07")
    (root / "helen/trainset/._00000003_1.jpg").write_bytes(b"\x00\x05\x16\x07")
    assert names(root) == before


def boxes_of(root, folder="ibug", split="challenging"):
    return {s.name.rpartition("/")[2]: s.boxes for s in read_dataset("300w", root, split)}


def test_no_box_file_gives_no_boxes(own_copy):
    root = own_copy("300w")
    shutil.rmtree(root / "Bounding Boxes")
    assert set(map(len, boxes_of(root).values())) == {0}
    with pytest.raises(ValueError, match="no such box"):
        read_dataset("300w", root, "challenging")[0].box("detector")


def test_box_file_of_another_folder_is_not_believed(own_copy, caplog):
    root = own_copy("300w")
    folder = root / "Bounding Boxes"
    shutil.copy(folder / "bounding_boxes_helen_trainset.mat", folder / "bounding_boxes_ibug.mat")
    with caplog.at_level(logging.WARNING):
        assert set(map(len, boxes_of(root).values())) == {0}
    assert "bounding_boxes_ibug.mat: no box for 4 of 4 faces" in caplog.text


def test_boxes_are_matched_by_name_not_by_order(own_copy):
    root = own_copy("300w")
    path = root / "Bounding Boxes/bounding_boxes_ibug.mat"
    before = boxes_of(root)
    cells = loadmat(path)["bounding_boxes"]
    savemat(path, {"bounding_boxes": cells[:, ::-1]})
    after = boxes_of(root)
    for name, boxes in before.items():
        np.testing.assert_array_equal(after[name]["detector"], boxes["detector"])


def test_a_box_that_lies_off_its_face_is_not_believed(own_copy, caplog):
    root = own_copy("300w")
    path = root / "ibug/image_001_1.pts"
    write_pts(path, read_pts(path) + 500)
    with caplog.at_level(logging.WARNING):
        boxes = boxes_of(root)
    assert not boxes["image_001_1"]
    assert boxes["image_003_1"]
    assert "off the points of 1 of 4 faces of ibug: image_001_1" in caplog.text


@pytest.mark.parametrize("content", [b"", b"not a mat file at all", None])
def test_broken_box_file_costs_the_boxes_only(own_copy, caplog, content):
    root = own_copy("300w")
    path = root / "Bounding Boxes/bounding_boxes_ibug.mat"
    path.write_bytes(path.read_bytes()[:300] if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert set(map(len, boxes_of(root).values())) == {0}
    assert "bounding_boxes_ibug.mat: not a readable MATLAB file" in caplog.text


def test_one_broken_box_costs_only_itself(own_copy, caplog):
    root = own_copy("300w")
    path = root / "Bounding Boxes/bounding_boxes_ibug.mat"
    cells = loadmat(path, simplify_cells=True)["bounding_boxes"]
    cells[0]["bb_detector"] = np.full(4, np.nan)
    savemat(path, {"bounding_boxes": np.array(cells, dtype=object)[None]})
    with caplog.at_level(logging.WARNING):
        counts = sorted(map(len, boxes_of(root).values()))
    assert counts == [0, 2, 2, 2]
    assert "entry 1" in caplog.text
