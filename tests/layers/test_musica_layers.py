"""What each of MuSiCa's layers computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy import ndimage

from kerasalign.layers import ExtractPatches, GaussianPyramid, ImageStandardisation


def test_standardisation_ignores_what_is_outside_the_photo():
    rng = np.random.default_rng(0)
    image = rng.integers(1, 256, (1, 12, 12, 3)).astype("uint8")
    image[0, :, 7:] = 0
    image[0, 0, 0] = (0, 0, 9)
    out = np.asarray(ImageStandardisation()(image))
    inside = out[0, :, :7]
    assert abs(inside.mean()) < 1e-5
    assert inside.std() == pytest.approx(1, abs=1e-5)
    assert not out[0, :, 7:].any()


def test_standardisation_of_a_black_or_flat_image_is_finite():
    flat = np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 200)]).astype("uint8")
    assert not np.asarray(ImageStandardisation()(flat)).any()


@pytest.mark.parametrize("size", [(12, 16), (15, 9)])
def test_pyramid_is_scipy_gaussian_then_bilinear_half(size):
    image = np.random.default_rng(1).normal(size=(*size, 2))
    fine, coarse = (np.asarray(x)[0] for x in GaussianPyramid(2)(image[None].astype("float32")))
    np.testing.assert_allclose(fine, image, rtol=1e-6)
    blurred = ndimage.gaussian_filter(image, (2 / 3, 2 / 3, 0), mode="reflect", truncate=4)
    padded = np.pad(blurred, [(0, s % 2) for s in size] + [(0, 0)], mode="edge")
    mean = padded.reshape(-(-size[0] // 2), 2, -(-size[1] // 2), 2, 2).mean((1, 3))
    np.testing.assert_allclose(coarse, mean, atol=1e-5)


def brute_force_patch(image, centre, size):
    patch = np.zeros((size, size, image.shape[-1]), image.dtype)
    top, left = (int(np.floor(c)) - size // 2 for c in centre)
    for i in range(size):
        for j in range(size):
            if 0 <= top + i < image.shape[0] and 0 <= left + j < image.shape[1]:
                patch[i, j] = image[top + i, left + j]
    return patch


@settings(max_examples=30, deadline=None)
@given(st.floats(-40, 60, width=32), st.floats(-40, 60, width=32), st.sampled_from([1, 4, 7, 14]))
def test_patches_are_nearest_pixels_and_zero_outside(y, x, size):
    image = np.random.default_rng(2).normal(size=(1, 20, 25, 3)).astype("float32")
    centre = np.array([[[y, x]]], "float32")
    patch = np.asarray(ExtractPatches(size)(image, centre))[0, 0]
    np.testing.assert_array_equal(patch, brute_force_patch(image[0], (y, x), size))


def test_far_away_centres_give_empty_patches():
    image = np.ones((1, 20, 20, 3), "float32")
    centres = np.array([[[1e30, 3], [-1e30, 3], [3, 1e12]]], "float32")
    assert not np.asarray(ExtractPatches(5)(image, centres)).any()


def test_no_gradient_flows_through_patches():
    import tensorflow as tf

    image = tf.Variable(np.ones((1, 20, 20, 3), "float32"))
    centres = tf.Variable(np.full((1, 2, 2), 9.5, "float32"))
    with tf.GradientTape() as tape:
        total = ops.sum(ExtractPatches(5)(image, centres))
    assert tape.gradient(total, [image, centres]) == [None, None]


@pytest.mark.parametrize("layer", [lambda: ExtractPatches(0), lambda: GaussianPyramid(0),
                                   lambda: ImageStandardisation(epsilon=0.0)])
def test_bad_arguments(layer):
    with pytest.raises(ValueError, match="Received"):
        layer()
