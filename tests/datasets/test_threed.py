"""300W-LP and AFLW2000-3D: what their files look like, and what is easily read wrongly."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from kerasalign.datasets import DatasetError, check_dataset, read_dataset
from kerasalign.datasets.pose import yaw_bin
from kerasalign.markups import get_markup

MAT = "image00002.mat"


def test_aflw2000_points_are_the_x_and_y_rows_counted_from_1(miniature):
    root = miniature("aflw2000-3d")
    sample = read_dataset("aflw2000-3d", root, "test")[1]
    on_disk = loadmat(root / MAT)
    assert sample.name == "image00002"
    np.testing.assert_allclose(sample.landmarks, on_disk["pt3d_68"][:2].T - 1)
    as_zero_based = read_dataset("aflw2000-3d", root, "full", index_base=0)[1]
    np.testing.assert_allclose(as_zero_based.landmarks, sample.landmarks + 1)


def test_aflw2000_pose_is_pitch_yaw_roll_in_degrees(miniature):
    root = miniature("aflw2000-3d")
    attributes = read_dataset("aflw2000-3d", root, "full")[1].attributes
    numbers = np.rad2deg(loadmat(root / MAT)["Pose_Para"][0])
    assert [attributes[key] for key in ("pitch", "yaw", "roll")] == pytest.approx(numbers[:3].tolist())
    assert attributes["yaw_bin"] == "yaw30_60"


def test_aflw2000_bins_share_out_all_faces(miniature):
    root = miniature("aflw2000-3d")
    parts = [read_dataset("aflw2000-3d", root, part) for part in ("yaw0_30", "yaw30_60", "yaw60_90")]
    names = [sample.name for part in parts for sample in part]
    assert sorted(names) == [sample.name for sample in read_dataset("aflw2000-3d", root, "full")]
    assert [len(part) for part in parts] == [4, 4, 4]
    assert max(abs(sample.attributes["yaw"]) for sample in parts[0]) <= 30


@pytest.mark.parametrize(
    ("yaw", "name"),
    [(0, "yaw0_30"), (-30, "yaw0_30"), (30.1, "yaw30_60"), (-60, "yaw30_60"), (60.1, "yaw60_90"), (-97, "yaw60_90")],
)
def test_an_edge_belongs_to_the_bin_below_it(yaw, name):
    assert yaw_bin(yaw) == name


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pt3d_68": np.zeros((68, 3))}, "68 finite columns"),
        ({"pt3d_68": np.full((3, 68), np.nan)}, "68 finite columns"),
        ({"Pose_Para": np.zeros((1, 6))}, "Pose_Para"),
        (None, "not a readable MATLAB file"),
    ],
)
def test_aflw2000_broken_annotation(own_copy, change, reason):
    root = own_copy("aflw2000-3d")
    contents = {key: value for key, value in loadmat(root / MAT).items() if key[0] != "_"}
    (root / MAT).write_bytes(b"") if change is None else savemat(root / MAT, contents | change)
    with pytest.raises(DatasetError, match=rf"image00002\.mat: .*{reason}"):
        read_dataset("aflw2000-3d", root, "full")
    assert len(read_dataset("aflw2000-3d", root, "full", on_error="skip")) == 11


def test_aflw2000_photos_and_points_go_in_pairs(own_copy):
    root = own_copy("aflw2000-3d")
    (root / "image00003.jpg").unlink()
    (root / "image00004.mat").unlink()
    reasons = [fault.reason for fault in check_dataset(root).faults]
    assert reasons == [
        "the photo image00003.* of these points is not there",
        "the photo has no points file image00004.mat",
    ]


def test_300w_lp_reads_the_3d_contour_unless_told(miniature):
    root = miniature("300w-lp")
    sample = read_dataset("300w-lp", root)[1]
    on_disk = loadmat(root / "landmarks/AFW/AFW_image_0002_0_pts.mat")
    assert sample.name == "AFW/AFW_image_0002_0"
    np.testing.assert_allclose(sample.landmarks, on_disk["pts_3d"] - 1)
    flat = read_dataset("300w-lp", root, points="2d", index_base=0)[1].landmarks
    np.testing.assert_allclose(flat, on_disk["pts_2d"])
    assert np.abs(flat - 1 - sample.landmarks)[:17].max() > 1  # they differ along the jaw
    with pytest.raises(ValueError, match=r"`points` must be one of \['2d', '3d'\]"):
        read_dataset("300w-lp", root, points="both")


def test_300w_lp_leaves_mirrored_copies_out_unless_told(miniature):
    root = miniature("300w-lp")
    without = read_dataset("300w-lp", root, pose=True)
    both = read_dataset("300w-lp", root, flips=True, pose=True)
    assert (len(without), len(both)) == (16, 32)
    assert check_dataset(root).folders_found == {"AFW": 4, "HELEN": 4, "IBUG": 4, "LFPW": 4}
    flipped = {sample.name: sample for sample in both}["HELEN_Flip/HELEN_image_0001_0"]
    sample = {sample.name: sample for sample in without}["HELEN/HELEN_image_0001_0"]
    width = sample.read_image().shape[1]
    np.testing.assert_allclose(flipped.landmarks, get_markup("68").mirror(sample.landmarks, width))
    assert flipped.attributes["yaw"] == -sample.attributes["yaw"]
    assert "yaw" not in read_dataset("300w-lp", root)[0].attributes
    assert flipped.group == sample.group == "HELEN/HELEN_image_0001"
    assert {face.group for face in without if face.name.startswith("AFW/AFW_image_0002_")} == {"AFW/AFW_image_0002"}


def test_300w_lp_is_not_taken_for_300w_where_case_does_not_count(own_copy):
    root = own_copy("300w-lp")
    (root / "AFW").rename(root / "afw")
    assert check_dataset(root, photos=False).dataset == "300w-lp"


def test_300w_lp_broken_files(own_copy):
    root = own_copy("300w-lp")
    savemat(root / "landmarks/AFW/AFW_image_0001_0_pts.mat", {"pts_3d": np.zeros((2, 68)), "pts_2d": np.zeros((68, 2))})
    (root / "AFW/AFW_image_0002_0.mat").unlink()
    (root / "IBUG/IBUG_image_0001_0.jpg").unlink()
    (root / "landmarks/LFPW/LFPW_image_0003_0_pts.mat").unlink()
    reasons = [fault.reason for fault in check_dataset(root).faults]
    assert len(reasons) == 3
    assert "`pts_3d` must be 68 finite x y" in reasons[0]
    assert reasons[2] == "the photo has no points file landmarks/LFPW/LFPW_image_0003_0_pts.mat"
    assert len(read_dataset("300w-lp", root, on_error="skip")) == 13
    assert len(read_dataset("300w-lp", root, on_error="skip", pose=True)) == 12
