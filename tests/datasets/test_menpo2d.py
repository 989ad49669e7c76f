"""Menpo2D: profiles share no numbering with the other faces."""

import shutil

import numpy as np
import pytest

from kerasalign.datasets import DatasetError, check_dataset, read_dataset, write_pts

TRAIN = "trainset/semifrontal"


def test_faces_have_68_points_counted_from_1(miniature):
    root = miniature("menpo2d")
    sample = read_dataset("menpo2d", root)[0]
    assert sample.name == f"{TRAIN}/aflw__face_39844"
    lines = (root / f"{sample.name}.pts").read_text().splitlines()
    np.testing.assert_allclose(sample.landmarks[0], np.array(lines[3].split(), float) - 1)


def test_profiles_are_skipped_wherever_they_lie(own_copy):
    root = own_copy("menpo2d")
    for path in (root / "trainset/profile").iterdir():
        shutil.copy(path, root / TRAIN / f"profile{path.suffix}")
    assert len(read_dataset("menpo2d", root)) == 4
    assert check_dataset(root).ok


def test_another_number_of_points_is_an_error(own_copy):
    root = own_copy("menpo2d")
    write_pts(root / TRAIN / "aflw__face_39845.pts", np.ones((67, 2)))
    with pytest.raises(DatasetError, match=r"39845\.pts: 67 points, but a face has 68, or 39"):
        read_dataset("menpo2d", root)
    assert len(read_dataset("menpo2d", root, on_error="skip")) == 3


def test_photos_without_points(own_copy):
    root = own_copy("menpo2d")
    for folder in ("trainset", "testset"):
        (root / folder / "semifrontal/aflw__face_39846.pts").unlink()
    (fault,) = check_dataset(root).faults  # those of the test set are not for everybody
    assert fault.reason == "the photo has no points file aflw__face_39846.pts"
    assert "trainset" in fault.path
    shutil.rmtree(root / "testset")
    assert check_dataset(root).missing == ["testset/semifrontal/"]
