"""Crops for recognizers."""

import cv2
import numpy as np
import pytest

from kerasalign.geometry import about, apply_affine, rotation
from kerasalign.markups import get_markup, list_markups
from kerasalign.recognition import (
    center_crop,
    landmarks68_to_5,
    landmarks_to_5,
    norm_crop,
    norm_matrix,
    template,
    template5,
)

# As printed in the released alignment code, for 112 pixels.
EYES_NOSE_MOUTH = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
RNG = np.random.default_rng(0)
PHOTO = cv2.GaussianBlur(RNG.integers(1, 256, (112, 112, 3)).astype("uint8"), (0, 0), 3)


def test_template_by_size():
    np.testing.assert_array_equal(template5(112), EYES_NOSE_MOUTH)
    np.testing.assert_allclose(template5(224), np.multiply(EYES_NOSE_MOUTH, 2))
    np.testing.assert_allclose(template5(128), np.add(EYES_NOSE_MOUTH, (8, 0)))
    np.testing.assert_allclose(template5(256), 2 * np.add(EYES_NOSE_MOUTH, (8, 0)))
    for size in (100, 0, -112, 112.0, None):
        with pytest.raises(ValueError, match="`size` must be a multiple of 112 or 128"):
            template5(size)


def test_the_template_cannot_be_changed_by_accident():
    template5(112)[:] = 0
    assert template5(112)[0, 0] == 38.2946


def test_68_points_give_corner_midpoints_nose_tip_and_mouth_corners():
    points = RNG.uniform(0, 100, (3, 68, 2))
    wanted = [
        (points[:, 36] + points[:, 39]) / 2,
        (points[:, 42] + points[:, 45]) / 2,
        points[:, 30],
        points[:, 48],
        points[:, 54],
    ]
    np.testing.assert_allclose(landmarks68_to_5(points), np.stack(wanted, 1))
    np.testing.assert_allclose(landmarks_to_5(points[0]), landmarks68_to_5(points)[0])


@pytest.mark.parametrize("name", list_markups())
def test_every_markup_gives_five_points_of_its_face(name):
    shape = get_markup(name).mean_shape
    right, left, nose, mouth_right, mouth_left = landmarks_to_5(shape, name)
    assert right[0] < nose[0] < left[0]
    assert right[1] < nose[1] < mouth_right[1]
    assert mouth_right[0] < nose[0] < mouth_left[0]
    full = template(name)
    assert full.shape == shape.shape
    assert np.abs(landmarks_to_5(full, name) - EYES_NOSE_MOUTH).max() < 6


def test_closing_eyes_do_not_move_them():
    face = get_markup("68").mean_shape.copy()
    open_eyes = landmarks68_to_5(face)
    face[[37, 38, 43, 44], 1] += 0.04
    np.testing.assert_array_equal(landmarks68_to_5(face), open_eyes)


def test_the_template_itself_gives_the_photo_back():
    np.testing.assert_array_equal(norm_crop(PHOTO, EYES_NOSE_MOUTH), PHOTO)


@pytest.mark.parametrize("method", ["five", "full"])
@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 25.0), (1.7, -100.0)])
def test_a_turned_and_scaled_face_comes_back_upright(method, scale, degrees):
    move = about((55.5, 55.5), scale * rotation(degrees), (150.0, 120.0))
    photo = cv2.warpAffine(PHOTO, move, (300, 260))
    landmarks = apply_affine(move, template("68"))
    matrix = norm_matrix(landmarks, method=method)
    if method == "full":
        np.testing.assert_allclose(apply_affine(matrix, landmarks), template("68"), atol=1e-9)
    crop = norm_crop(photo, landmarks, method=method).astype(float)
    reference = norm_crop(PHOTO, template("68"), method=method).astype(float)
    assert np.abs(crop - reference)[12:100, 12:100].mean() < 2


def test_larger_crops_show_the_same_face_larger():
    small, large = norm_crop(PHOTO, EYES_NOSE_MOUTH), norm_crop(PHOTO, EYES_NOSE_MOUTH, 224)
    assert large.shape == (224, 224, 3)
    np.testing.assert_allclose(large[::2, ::2].astype(int), small, atol=1)
    wide = norm_crop(PHOTO, EYES_NOSE_MOUTH, 128)
    np.testing.assert_array_equal(wide[:112, 8:120], PHOTO)
    assert not wide[:, :8].any()  # outside of the photo


def test_center_crop():
    wide = np.zeros((40, 100, 3), "uint8")
    wide[:, 30:70] = PHOTO[:40, :40]
    np.testing.assert_array_equal(center_crop(wide, 40), PHOTO[:40, :40])
    np.testing.assert_array_equal(center_crop(wide, 20, part=0.5), PHOTO[10:30, 10:30])
    for options in ({"part": 0.0}, {"size": 0}):
        with pytest.raises(ValueError, match="must be positive"):
            center_crop(wide, **options)


@pytest.mark.parametrize(
    ("landmarks", "options", "message"),
    [
        (np.zeros((68, 3)), {}, "`landmarks` must be"),
        (np.zeros((2, 68, 2)), {}, "`landmarks` must be those of one face"),
        (np.zeros((67, 2)), {}, "`markup` must be one of"),
        (np.zeros((68, 2)), {"markup": "98"}, "`landmarks` must have the 98 points"),
        (np.zeros((68, 2)), {}, "spread out"),
        (EYES_NOSE_MOUTH, {"method": "three"}, "`method` must be one of"),
        (EYES_NOSE_MOUTH, {"size": 100}, "`size` must be"),
    ],
)
def test_bad_input(landmarks, options, message):
    with pytest.raises(ValueError, match=message):
        norm_crop(PHOTO, landmarks, **options)
