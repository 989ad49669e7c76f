"""Random Fourier features (Rahimi and Recht) and the start that AAN's embedding needs."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.layers import CosineEmbedding
from tests.support.arrays import noise


def test_inner_products_approximate_the_kernel():
    u, v = noise(6, 10), noise(6, 10, seed=1)
    layer = CosineEmbedding(40_000, bandwidth=2.0, learned=False, normalize=True, seed=0)
    found = np.asarray(layer(u)) @ np.asarray(layer(v)).T
    distance = ((u[:, None] - v[None]) ** 2).sum(-1)
    # The standard deviation of 40,000 products is 0.005 at most.
    np.testing.assert_allclose(found, np.exp(-distance / (2 * 2.0**2)), atol=0.025)


def test_the_default_bandwidth_keeps_phases_in_the_order_of_one():
    layer = CosineEmbedding(2000, seed=0)
    features = np.random.default_rng(0).normal(size=(1, 500)).astype("float32")
    layer(features)
    layer.bias.assign(np.zeros(2000))
    # E cos of a normal phase of variance 1 is exp(-1/2).
    assert np.asarray(layer(features)).mean() == pytest.approx(np.exp(-0.5), abs=0.06)


def test_values_and_derivative():
    layer = CosineEmbedding(5, bandwidth=1.0, seed=0)
    x = noise(1, 4)
    phase = x @ np.asarray((layer(x), layer.kernel)[1]) + np.asarray(layer.bias)
    np.testing.assert_allclose(layer(x), np.cos(phase), atol=1e-6)
    step = 1e-3
    moved = x + step * np.eye(4, dtype="float32")
    slope = (np.asarray(layer(moved)) - np.asarray(layer(x))) / step
    np.testing.assert_allclose(slope, -np.sin(phase) * np.asarray(layer.kernel), atol=5e-3)
    assert np.abs(layer(1e3 * x)).max() <= 1


def gradient_size(layer, features):
    """How far one step of SGD moves the frequencies."""
    network = keras.Sequential([keras.Input((features.shape[-1],)), layer])
    network.compile(keras.optimizers.SGD(1.0), loss=lambda wanted, found: ops.sum(found, -1))
    before = np.array(layer.kernel)
    network.train_on_batch(features, np.zeros((len(features), layer.units)))
    return np.abs(np.asarray(layer.kernel) - before).mean()


def test_no_phase_and_small_frequencies_learn_nothing():
    features = noise(8, 50)
    ours, trap = CosineEmbedding(16, seed=0), CosineEmbedding(16, seed=0)
    for layer in (ours, trap):
        layer.build((None, 50))
    trap.bias.assign(np.zeros(16))
    trap.kernel.assign(0.01 * np.asarray(trap.kernel))
    assert gradient_size(trap, features) < 0.03 * gradient_size(ours, features)


def test_fixed_frequencies_stay():
    layer = CosineEmbedding(16, learned=False)
    layer.build((None, 8))
    assert not layer.trainable_weights and len(layer.weights) == 2


def test_half_precision_keeps_its_phases():
    features = 30 * noise(4, 64)
    exact, half = (CosineEmbedding(32, seed=0, dtype=dtype) for dtype in ("float32", "mixed_float16"))
    # What rounding of the inputs alone does.
    rounded = features.astype("float16").astype("float32")
    np.testing.assert_allclose(np.asarray(half(features), "float32"), exact(rounded), atol=1e-3)


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 4, "bandwidth": 0.0}])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError, match="Received"):
        CosineEmbedding(**wrong)
