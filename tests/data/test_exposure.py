"""Brightness and sharpness keep the edge of the photo."""

import numpy as np
import pytest

from kerasalign.data import AugmentConfig
from kerasalign.data.exposure import expose


def picture(channels=3):
    image = np.random.default_rng(0).integers(0, 256, (24, 20, channels)).astype("uint8")
    image[..., 0] = np.maximum(image[..., 0], 1)
    image[:, :5] = 0
    image[0, 10, :3] = (0, 0, 1)
    return image


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("gain", "blur"), [(0.8, 0.0), (1.2, 0.0), (1.0, 1.5), (0.8, 0.5)])
def test_black_stays_black_and_nothing_else_becomes_it(channels, gain, blur):
    image = picture(channels)
    out = expose(image, gain, blur)
    assert out.dtype == np.uint8 and out.shape == image.shape
    np.testing.assert_array_equal((out[..., :3] > 0).any(-1), (image[..., :3] > 0).any(-1))


def test_gain_is_a_factor_and_blur_smooths():
    image = picture()
    assert expose(image) is image
    bright = expose(image, 1.2)
    np.testing.assert_array_equal(bright, np.clip(np.rint(image * 1.2), 0, 255).astype("uint8"))
    soft = expose(image, blur=2.0)
    assert soft[4:-4, 10:].std() < 0.4 * image[4:-4, 10:].std()


@pytest.mark.parametrize("gamma", [0.8, 1.2])
def test_gamma_survives_a_network_that_standardizes_and_a_gain_does_not(gamma):
    image = np.random.default_rng(1).normal(120, 40, (32, 32, 3)).clip(1, 230).astype("uint8")

    def standardized(pixels):
        pixels = pixels.astype("float64")
        return (pixels - pixels.mean()) / pixels.std()

    changes = [
        np.abs(standardized(changed) - standardized(image)).max()
        for changed in (expose(image, 1 / gamma if gamma > 1 else gamma), expose(image, gamma=gamma))
    ]
    assert changes[0] < 0.02 and changes[1] > 0.2
    assert np.abs(expose(image, gamma=gamma).mean() / image.mean() - 1) > 0.05


def test_black_stays_black_under_gamma():
    image = picture(4)
    for gamma in (0.5, 3.0):
        out = expose(image, gamma=gamma)
        np.testing.assert_array_equal((out[..., :3] > 0).any(-1), (image[..., :3] > 0).any(-1))
    assert out.dtype == np.uint8 and expose(np.full((1, 1, 3), 128, "uint8"), gamma=2.0)[0, 0, 0] == 64


def test_bad_ranges():
    for wrong in ({"gain": (0.2, 1.0)}, {"blur": 2.0}, {"blur_sigma": (0.0, 1.0)}):
        with pytest.raises(ValueError, match="Received"):
            AugmentConfig(**wrong)
