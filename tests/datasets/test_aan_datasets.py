"""AFLW in both forms, CelebA and 300VW: the traps of their formats."""

import shutil
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from kerasalign.datasets import DatasetError, get_dataset, read_dataset
from kerasalign.datasets.miniature import draw_clip, write_clip
from kerasalign.datasets.video_frames import count_frames, read_frame


def edit_mat(root, **changes):
    path = root / "AFLWinfo_release.mat"
    contents = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    savemat(path, contents | {key: change(contents[key]) for key, change in changes.items()})


def test_aflw_both_forms_tell_the_same_faces(miniature):
    root = miniature("aflw")
    split = [read_dataset("aflw", root, name) for name in ("train", "test")]
    assert list(map(len, split)) == [10, 2]
    whole = {face.image.name + str(np.round(face.landmarks[18])): face for face in read_dataset("aflw", root, "all")}
    assert len(whole) == 12
    for face in split[0] + split[1]:
        other = whole[face.image.name + str(np.round(face.landmarks[18]))]
        np.testing.assert_allclose(face.landmarks, other.landmarks, atol=1e-9)
        # The database's rectangle counts whole pixels.
        np.testing.assert_allclose(face.box("ground_truth"), other.box("ground_truth"), atol=1.01)
        assert other.attributes["yaw"] == pytest.approx(np.rad2deg(0.7))
    assert not all(face.visibility.all() for face in split[0])


def test_aflw_counts_from_one_and_its_boxes_are_x_x_y_y(miniature):
    root = miniature("aflw")
    from_zero = read_dataset("aflw", root, "train", index_base=0)
    for a, b in zip(read_dataset("aflw", root, "train"), from_zero):
        np.testing.assert_allclose(b.landmarks - a.landmarks, 1)
        np.testing.assert_allclose(b.box("ground_truth") - a.box("ground_truth"), 1)


def test_aflw_a_png_may_be_called_jpg_and_a_lost_photo_is_named(own_copy):
    root = own_copy("aflw")
    assert {face.image.suffix for face in read_dataset("aflw", root, "train")} == {".jpg", ".png"}
    (root / "data/flickr/3/image00001.jpg").unlink()
    with pytest.raises(DatasetError, match=r"photo 3/image00001\.jpg is not there"):
        read_dataset("aflw", root, "train")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ra": lambda ra: np.full_like(ra, 1)}, "`ra` must number"),
        ({"data": lambda data: data[:, :36]}, "`data` must be 12 rows of 38"),
        ({"data": lambda data: np.where(data == data[0, 0], np.nan, data)}, "not finite"),
        ({"bbox": lambda box: box[:, [0, 2, 1, 3]]}, "bbox"),
    ],
)
def test_aflw_a_broken_list_is_refused(own_copy, changes, reason):
    root = own_copy("aflw")
    edit_mat(root, **changes)
    with pytest.raises(DatasetError, match=reason):
        [read_dataset("aflw", root, split) for split in ("train", "test")]


def test_aflw_hidden_points_of_the_database_are_nan(own_copy):
    root = own_copy("aflw")
    with closing(sqlite3.connect(root / "data" / "aflw.sqlite")) as database, database:
        database.execute("DELETE FROM FeatureCoords WHERE feature_id IN (1, 21) AND face_id = 39341")
        database.execute("DELETE FROM FeatureCoords WHERE feature_id > 1 AND face_id = 39342")
    (root / "AFLWinfo_release.mat").unlink()
    faces = read_dataset("aflw", root, "all", on_error="skip")
    assert len(faces) == 11 and list(np.flatnonzero(~faces[0].visibility)) == [0, 18]
    assert np.isnan(faces[0].landmarks[[0, 18]]).all() and faces[0].name == "face/39341"
    assert list(get_dataset("aflw").splits_of(root)) == ["all"]
    (root / "data" / "aflw.sqlite").write_bytes(b"no database at all, but long enough to be one" * 40)
    with pytest.raises(DatasetError, match="not AFLW's database"):
        read_dataset("aflw", root, "all")


def test_celeba_partitions_and_the_whole_photo_as_box(miniature):
    root = miniature("celeba")
    names = {
        split: [face.name for face in read_dataset("celeba", root, split)]
        for split in ("train", "train-only", "val", "test")
    }
    assert names["train"] == names["train-only"] + names["val"] and not set(names["train"]) & set(names["test"])
    face = read_dataset("celeba", root, "val")[0]
    np.testing.assert_array_equal(face.box("image"), [-0.5, -0.5, 177.5, 217.5])
    assert face.read_image().shape == (218, 178, 3) and face.landmarks[0, 0] < face.landmarks[1, 0]


def as_csv(root):
    text = (root / "Anno/list_landmarks_align_celeba.txt").read_text().splitlines()
    head = ",".join(["image_id", *text[1].split()])
    rows = [",".join(line.split()) for line in text[2:]]
    (root / "list_landmarks_align_celeba.csv").write_text("\n".join([head, *rows]) + "\n")
    parts = (root / "Eval/list_eval_partition.txt").read_text().replace(" ", ",")
    (root / "list_eval_partition.csv").write_text("image_id,partition\n" + parts)
    shutil.rmtree(root / "Anno")
    shutil.rmtree(root / "Eval")
    (root / "img_align_celeba").mkdir()
    (root / "Img/img_align_celeba").rename(root / "img_align_celeba/img_align_celeba")


def test_celeba_names_what_the_asked_photos_lack(own_copy):
    root = own_copy("celeba")
    for path in root.rglob("list_landmarks_celeba*"):
        path.unlink()
    with pytest.raises(DatasetError, match=r"images='wild' these are not there: list_landmarks_celeba.txt"):
        read_dataset("celeba", root, "val", images="wild")
    assert read_dataset("celeba", root, "val")


def test_celeba_from_kaggle_is_the_same(own_copy, miniature):
    root = own_copy("celeba")
    as_csv(root)
    for a, b in zip(read_dataset("celeba", root), read_dataset("celeba", miniature("celeba")), strict=True):
        assert a.name == b.name
        np.testing.assert_array_equal(a.landmarks, b.landmarks)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("12\n", "13\n", "12 rows, but its first line says 13"),
        ("12\n", "lefteye_x\n", "first line must say"),
        ("000002.jpg", "000002.jpg 7", "11 entries after the name"),
        ("000002.jpg", "000077.jpg", "in no partition"),
    ],
)
def test_celeba_a_broken_list_is_refused(own_copy, old, new, reason):
    root = own_copy("celeba")
    path = root / "Anno/list_landmarks_align_celeba.txt"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DatasetError, match=reason):
        read_dataset("celeba", root)


def test_celeba_in_the_wild_has_boxes_and_is_not_mixed_up(own_copy):
    root = own_copy("celeba")
    lists = root / "Anno"
    rows = (lists / "list_landmarks_align_celeba.txt").read_text().splitlines()
    wild = [" ".join([line.split()[0], *(str(int(v) + 300) for v in line.split()[1:])]) for line in rows[2:]]
    (lists / "list_landmarks_celeba.txt").write_text("\n".join([*rows[:2], *wild]))
    (root / "Img/img_celeba").mkdir()
    for row in wild:
        shutil.copy(root / "Img/img_align_celeba" / row.split()[0], root / "Img/img_celeba")
    boxes = [f"{row.split()[0]}  310 320 90 {0 if i == 1 else 110}" for i, row in enumerate(wild)]
    (lists / "list_bbox_celeba.txt").write_text("\n".join(["12", "image_id x_1 y_1 width height", *boxes]))
    faces = read_dataset("celeba", root, images="wild", on_error="skip")
    assert len(faces) == 7 and faces[0].image.parent.name == "img_celeba"
    np.testing.assert_array_equal(faces[0].box("ground_truth"), [309.5, 319.5, 399.5, 429.5])
    shutil.copy(lists / "list_landmarks_celeba.txt", lists / "list_landmarks_align_celeba.txt")
    with pytest.raises(DatasetError, match="outside of an aligned photo"):
        read_dataset("celeba", root)


def test_celeba_of_its_real_size_is_read_in_seconds(tmp_path):
    count = 202_599
    names = [f"{i:06d}.jpg" for i in range(1, count + 1)]
    (tmp_path / "img_align_celeba").mkdir()
    (tmp_path / "list_landmarks_align_celeba.txt").write_text(
        f"{count}\nheader\n" + "\n".join(f"{name} 69 109 106 113  77 142  73 152 108 154" for name in names)
    )
    parts = "\n".join(f"{name} {0 if i <= 162_770 else 1 if i <= 182_637 else 2}" for i, name in enumerate(names, 1))
    (tmp_path / "list_eval_partition.txt").write_text(parts)
    for name in names[-20:]:
        (tmp_path / "img_align_celeba" / name).touch()
    start = time.process_time()
    found = list(get_dataset("celeba").faces(tmp_path, "test"))
    assert time.process_time() - start < 8
    assert len(found) == 19_962 and [face.name for face in found[-20:]] == [name[:-4] for name in names[-20:]]


def test_300vw_frames_are_those_of_the_video(miniature):
    root = miniature("300vw")
    faces = read_dataset("300vw", root, "category1")
    assert [face.name for face in faces[:2]] == ["114/000001", "114/000002"] and len(faces) == 2 * 4 + 29
    assert faces[0].attributes == {"subset": "category1", "video": "114", "frame": 1} and faces[0].group == "114"
    path = root / "114" / "vid.avi"
    again = [read_frame(path, name) for name in ("000001", "000003", "000002", "000001")]
    np.testing.assert_array_equal(again[0], again[3])
    np.testing.assert_array_equal(again[2], faces[1].read_image())
    assert np.abs(again[0].astype(int) - again[1]).mean() > 1
    assert [face.attributes["frame"] for face in read_dataset("300vw", root, "category1", stride=3)][:4] == [1, 4, 1, 4]


def test_300vw_a_frame_too_few_is_noted_and_many_are_an_error(own_copy, caplog):
    root = own_copy("300vw")
    annotations = root / "410" / "annot"
    shutil.copy(annotations / "000001.pts", annotations / "000005.pts")
    with pytest.raises(DatasetError, match="1 of 5 annotated frames are beyond its 4 frames"):
        read_dataset("300vw", root, "category3")
    for number in range(6, 202):
        shutil.copy(annotations / "000001.pts", annotations / f"{number:06d}.pts")
    frames, _ = draw_clip(np.random.default_rng(0), "68", 200, height=64)
    write_clip(root / "410" / "vid.avi", frames)
    assert len(read_dataset("300vw", root, "category3")) == 200 + 4 + 12
    assert "1 of 201 annotated frames" in caplog.text


def test_300vw_marked_frames_can_be_dropped(own_copy):
    root = own_copy("300vw")
    (root / "extra").mkdir()
    savemat(root / "extra" / "114.mat", {"error": np.array([[2, 3]])})
    assert len(read_dataset("300vw", root, "category1")) == 37
    kept = read_dataset("300vw", root, "category1", drop_marked=True)
    assert [face.name for face in kept[:2]] == ["114/000001", "114/000004"]


def test_a_broken_video_is_named(own_copy, tmp_path):
    root = own_copy("300vw")
    (root / "009" / "vid.avi").write_bytes(b"no video")
    with pytest.raises(DatasetError, match="not a readable video"):
        read_dataset("300vw", root, "train")
    with pytest.raises(DatasetError, match="it ends after 4 frames; frame 9 is not there"):
        read_frame(root / "059" / "vid.avi", "000009")
    with pytest.raises(DatasetError, match="not a readable video"):
        count_frames(tmp_path / "nowhere.avi")
