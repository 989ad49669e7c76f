import numpy as np
import pytest

from kerasalign.markups import get_markup
from kerasalign.metrics import (
    get_normalizer,
    list_normalizers,
    nme,
    normalizing_length,
    register_normalizer,
    unregister_normalizer,
)


def blank(markup, **points):
    """One face with every point at the origin but the given ones."""
    face = np.zeros((1, get_markup(markup).num_points, 2))
    for name, xy in points.items():
        face[0, int(name[1:])] = xy
    return face


@pytest.mark.parametrize(("markup", "right", "left"), [("68", 36, 45), ("98", 60, 72), ("29", 8, 9)])
def test_inter_ocular_is_the_distance_of_the_outer_corners(markup, right, left):
    face = blank(markup, **{f"p{right}": (10, 10), f"p{left}": (40, 50)})
    assert normalizing_length(face, get_markup(markup), "inter_ocular") == pytest.approx([50.0])


def test_inter_pupil_is_the_distance_of_the_eye_means_of_68_and_of_the_pupils_of_98():
    face = np.zeros((1, 68, 2))
    face[0, 36:42, 0] = np.arange(6)  # mean 2.5
    face[0, 42:48, 0] = 30 + np.arange(6)
    assert normalizing_length(face, get_markup("68"), "inter_pupil") == pytest.approx([30.0])
    pupils = blank("98", p96=(0, 0), p97=(6, 8))
    assert normalizing_length(pupils, get_markup("98"), "inter_pupil") == pytest.approx([10.0])


def test_eye_centers_are_the_means_of_six_points_or_midway_between_two_corners():
    face = np.zeros((1, 68, 2))
    face[0, 36:42, 0] = [0, 3, 3, 4, 3, 3]
    face[0, 42:48, 0] = [20, 21, 21, 24, 21, 21]
    markup = get_markup("68")
    assert normalizing_length(face, markup, "inter_pupil") == pytest.approx([128 / 6 - 16 / 6])
    assert normalizing_length(face, markup, "corner_midpoint") == pytest.approx([22 - 2])
    assert get_markup("29").eye_corners() == ((8, 10), (11, 9))
    assert get_markup("98").eye_corners() == ((60, 64), (68, 72))
    with pytest.raises(ValueError, match="right_eye_upper"):
        normalizing_length(get_markup("5").mean_shape[None], get_markup("5"), "corner_midpoint")


@pytest.mark.parametrize(
    ("name", "length"),
    [("box_size", 60.0), ("box_diagonal", np.hypot(90, 40)), ("box_width", 90), ("box_height", 40)],
)
def test_box_lengths_of_the_tight_box_and_of_a_given_box(name, length):
    face = blank("5", p1=(90, 40))
    face[0, 2] = np.nan
    boxes = np.array([[5.0, 5.0, 95.0, 45.0]])
    assert normalizing_length(face, get_markup("5"), name) == pytest.approx([length])
    assert normalizing_length(face * 3, get_markup("5"), name, boxes) == pytest.approx([length])


def test_a_length_of_zero_or_of_a_missing_eye_is_an_error_that_names_the_face():
    face = np.concatenate([get_markup("68").mean_shape[None]] * 3)
    face[1, 36] = np.nan
    with pytest.raises(ValueError, match=r"inter_ocular.*1 of 3.*face 1"):
        normalizing_length(face, get_markup("68"), "inter_ocular")
    face[1, 36] = face[1, 45]
    with pytest.raises(ValueError, match=r"length=0\.0"):
        normalizing_length(face, get_markup("68"), "inter_ocular")


@pytest.mark.parametrize("box", [(10, 10, 0, 0), (0, 0, 0, 9), (0, 0, np.nan, 9)])
def test_a_box_without_area_is_an_error(box):
    with pytest.raises(ValueError, match="box_size"):
        normalizing_length(get_markup("5").mean_shape[None], get_markup("5"), "box_size", np.array([box]))


def test_wrong_boxes_names_and_missing_eye_pairs_are_errors():
    markup = get_markup("5")
    with pytest.raises(ValueError, match=r"`boxes` must be \(B, 4\)"):
        normalizing_length(markup.mean_shape[None], markup, "box_size", np.zeros((2, 4)))
    with pytest.raises(ValueError, match="inter_ocular"):
        get_normalizer("inter_occular")
    with pytest.raises(ValueError, match="registered already"):
        register_normalizer("box_size", lambda target, markup, boxes: np.ones(len(target)))


@pytest.fixture
def pixels():
    register_normalizer("pixels", lambda target, markup, boxes: np.full(len(target), 100.0))
    yield
    unregister_normalizer("pixels")


def test_a_registered_normalizer_serves_nme(pixels):
    target = get_markup("5").mean_shape[None]
    assert "pixels" in list_normalizers()
    assert nme(target + np.array([3, 4]), target, "5", "pixels") == pytest.approx([5.0])
