"""What each of MuSiCa's layers computes."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from keras import ops
from scipy import ndimage

from kerasalign.layers import ExtractPatches, PhotoStatistics, PyramidLevel
from kerasalign.layers.photo_statistics import standardize
from kerasalign.layers.pyramid_level import banded_product, banded_product_across, reduction_matrix


def standardized(image):
    return np.asarray(standardize(image, *PhotoStatistics()(image)))


def test_standardization_ignores_what_is_outside_the_photo():
    image = np.random.default_rng(0).integers(1, 256, (1, 12, 12, 3)).astype("uint8")
    image[0, :, 7:] = 0
    image[0, 0, 0] = (0, 0, 9)
    out = standardized(image)
    inside = out[0, :, :7]
    assert abs(inside.mean()) < 1e-5
    assert inside.std() == pytest.approx(1, abs=1e-5)
    assert not out[0, :, 7:].any()


def test_standardization_of_a_black_or_flat_image_is_finite():
    flat = np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 200)]).astype("uint8")
    np.testing.assert_allclose(standardized(flat), 0, atol=1e-2)


@pytest.mark.parametrize("size", [(12, 16), (15, 9)])
@pytest.mark.parametrize("level", [1, 2])
def test_pyramid_level_is_scipy_gaussian_then_bilinear_half_of_the_standardized_image(size, level):
    image = np.random.default_rng(1).integers(1, 256, (1, *size, 3)).astype("uint8")
    image[0, :3, 2:5] = 0
    mean, scale = PhotoStatistics()(image)
    wanted = standardized(image)[0]
    for _ in range(level):
        height, width = wanted.shape[:2]
        blurred = ndimage.gaussian_filter(wanted, (2 / 3, 2 / 3, 0), mode="reflect", truncate=4)
        padded = np.pad(blurred, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
        wanted = padded.reshape(-(-height // 2), 2, -(-width // 2), 2, 3).mean((1, 3))
    np.testing.assert_allclose(np.asarray(PyramidLevel(level)(image, mean, scale))[0], wanted, atol=1e-5)
    if level == 2:
        finer = PyramidLevel(1)(image, mean, scale)
        np.testing.assert_allclose(np.asarray(PyramidLevel(1)(finer))[0], wanted, atol=1e-5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 90), st.integers(1, 3), st.integers(1, 5))
def test_a_banded_product_is_the_product(size, level, columns):
    matrix = reduction_matrix(size, level).astype("float32")
    x = np.random.default_rng(size).random((2, size, columns), "float32")
    np.testing.assert_allclose(np.asarray(banded_product(matrix, x)), matrix @ x, atol=1e-5)
    across = banded_product_across(x[0].T, matrix)
    np.testing.assert_allclose(np.asarray(across), x[0].T @ matrix.T, atol=1e-5)


def brute_force_patch(image, center, size):
    patch = np.zeros((size, size, image.shape[-1]), image.dtype)
    top, left = (int(np.floor(c)) - size // 2 for c in center)
    for i in range(size):
        for j in range(size):
            if 0 <= top + i < image.shape[0] and 0 <= left + j < image.shape[1]:
                patch[i, j] = image[top + i, left + j]
    return patch


@settings(max_examples=30, deadline=None, derandomize=True)
@given(*[st.floats(-40, 60, width=32, allow_subnormal=False)] * 2, st.sampled_from([1, 4, 7, 14]))
def test_patches_are_nearest_pixels_and_zero_outside(y, x, size):
    image = np.random.default_rng(2).normal(size=(1, 20, 25, 3)).astype("float32")
    center = np.array([[[y, x]]], "float32")
    patch = np.asarray(ExtractPatches(size)(image, center))[0, 0]
    np.testing.assert_array_equal(patch, brute_force_patch(image[0], (y, x), size))


def test_far_away_centers_give_empty_patches():
    image = np.ones((1, 20, 20, 3), "float32")
    centers = np.array([[[1e30, 3], [-1e30, 3], [3, 1e12]]], "float32")
    assert not np.asarray(ExtractPatches(5)(image, centers)).any()


def test_no_gradient_flows_through_patches():
    import tensorflow as tf

    image = tf.Variable(np.ones((1, 20, 20, 3), "float32"))
    centers = tf.Variable(np.full((1, 2, 2), 9.5, "float32"))
    with tf.GradientTape() as tape:
        total = ops.sum(ExtractPatches(5)(image, centers))
    assert tape.gradient(total, [image, centers]) == [None, None]


@pytest.mark.parametrize(
    "layer", [lambda: ExtractPatches(0), lambda: PyramidLevel(0), lambda: PhotoStatistics(epsilon=0.0)]
)
def test_bad_arguments(layer):
    with pytest.raises(ValueError, match="Received"):
        layer()
