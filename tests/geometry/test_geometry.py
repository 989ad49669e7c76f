"""Pixel centers, boxes, and crops that can be undone."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.geometry import (
    BoxMap,
    CropSpec,
    about,
    apply_affine,
    as_box,
    box_iou,
    compose,
    invert,
    resize_matrix,
    rotation,
    scale_of,
    tight_box,
    warp,
)

numbers = st.floats(-3000, 3000, allow_nan=False)
sides = st.floats(0.5, 4000)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), numbers, numbers, sides, sides)
specs = st.builds(
    CropSpec, size=st.integers(8, 512), scale=st.floats(0.5, 4), shift=st.tuples(st.floats(-1, 1), st.floats(-1, 1))
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(specs, boxes, st.floats(-180, 180), st.integers(0, 2**32 - 1))
def test_crop_then_uncrop_is_the_identity_for_any_box(spec, box, angle, seed):
    points = np.random.default_rng(seed).uniform(-2, 2, (7, 2)) * spec.side(as_box(box)) + np.asarray(box[:2])
    matrix = spec.transform(box, angle)
    np.testing.assert_allclose(spec.to_photo(matrix, spec.to_crop(matrix, points)), points, atol=1e-3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(specs, boxes)
def test_crop_is_a_similarity_of_the_documented_scale(spec, box):
    matrix = spec.transform(box, 30.0)
    linear = matrix[:, :2]
    scale = spec.size / (spec.scale * spec.side(as_box(box)))
    np.testing.assert_allclose(linear @ linear.T, scale**2 * np.eye(2), rtol=1e-6, atol=1e-9 * scale**2)
    assert np.linalg.det(linear) > 0
    assert scale_of(matrix) == pytest.approx(scale)


def test_the_box_of_the_whole_photo_is_a_resize():
    spec = CropSpec(size=50, scale=1.0)
    np.testing.assert_allclose(spec.transform((-0.5, -0.5, 99.5, 99.5)), resize_matrix((100, 100), (50, 50)))
    np.testing.assert_allclose(apply_affine(resize_matrix((100, 100), (50, 50)), [[0.5, 99.0]]), [[0.0, 49.25]])


def test_upright_crop_of_a_turned_face():
    spec = CropSpec(size=64, scale=2.0)
    box = (0, 0, 40, 40)
    up = np.array([20.0, 20.0]) + rotation(25) @ [0, -10]
    np.testing.assert_allclose(spec.to_crop(spec.transform(box, 25.0), up[None]), [[31.5, 31.5 - 8]], atol=1e-9)


def test_very_long_boxes_count_as_four_to_one():
    spec = CropSpec(size=142, scale=1.0)
    assert spec.side(np.array([0, 0, 1000, 10.0])) == 40
    assert spec.side(np.array([0, 0, 30, 10.0])) == 30


def test_config_round_trip():
    spec = CropSpec(228, 228 / 142, (0.0, 0.1))
    assert CropSpec.from_config(spec.get_config()) == spec


def test_warp_by_whole_pixels_is_a_shift_and_black_is_outside_only():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype("uint8")
    image[5, 6] = 0
    out = warp(image, np.array([[1, 0, 10.0], [0, 1, -4]]), (40, 30))
    np.testing.assert_array_equal(out[:26, 10:], np.maximum(image, 1)[4:, :30])
    assert not out[:, :9].any() and not out[27:].any()


def test_warp_follows_landmarks_at_every_scale():
    for scale in (0.07, 0.3, 1.0, 2.7):
        image = np.full((400, 500, 3), 30, "uint8")
        point = np.array([[261.0, 143.0]])
        reach = int(np.ceil(3 / min(scale, 1)))
        image[143 - reach : 144 + reach, 261 - reach : 262 + reach] = 250
        matrix = about((258, 147), scale * rotation(20), (60, 50))
        out = warp(image, matrix, (120, 100)).astype(float)[..., 0]
        weight = np.clip(out - 60, 0, None)
        y, x = np.mgrid[0:100, 0:120]
        center = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        np.testing.assert_allclose(center, apply_affine(matrix, point)[0], atol=0.3)


def test_strong_reductions_do_not_alias():
    stripes = np.zeros((512, 512, 3), "uint8")
    stripes[:, ::2] = 255
    out = warp(stripes, resize_matrix((512, 512), (32, 32)), (32, 32)).astype(float)
    assert out[2:-2, 2:-2].std() < 3


def test_a_crop_far_outside_is_black():
    assert not warp(np.full((9, 9, 3), 200, "uint8"), np.array([[1, 0, 1e5], [0, 1, 0]]), (8, 8)).any()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_maps_compose_and_invert(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 2, 3)) + np.eye(2, 3) * 3
    points = rng.normal(size=(4, 2))
    np.testing.assert_allclose(apply_affine(compose(a, b), points), apply_affine(b, apply_affine(a, points)), atol=1e-9)
    np.testing.assert_allclose(apply_affine(compose(a, invert(a)), points), points, atol=1e-6)


def test_nan_points_stay_nan():
    out = apply_affine(np.eye(2, 3), [[np.nan, np.nan], [1, 2]])
    assert np.isnan(out[0]).all() and out[1].tolist() == [1, 2]


def test_boxes():
    points = np.array([[1, 5], [np.nan, np.nan], [4, 2]])
    assert tight_box(points).tolist() == [1, 2, 4, 5]
    assert box_iou(np.array([0, 0, 2, 2.0]), np.array([1, 1, 3, 3.0])) == pytest.approx(1 / 7)
    assert BoxMap((0.5, 2.0), (0.1, -0.5))([0, 0, 10, 10]).tolist() == [3.5, -10, 8.5, 10]


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (0, 0, 5), (0, 0, 5, np.nan), "box", (5, 0, 1, 1), None])
def test_bad_boxes_are_named(box):
    with pytest.raises(ValueError, match=r"Received: box="):
        CropSpec(8, 1.0).transform(box)


def test_bad_arguments():
    for make in (
        lambda: CropSpec(0, 1.0),
        lambda: CropSpec(8, 0.0),
        lambda: invert(np.zeros((2, 3))),
        lambda: tight_box(np.full((3, 2), np.nan)),
    ):
        with pytest.raises(ValueError, match="Received"):
            make()
