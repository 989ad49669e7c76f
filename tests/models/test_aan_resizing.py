"""AAN that learned on small crops goes on at larger ones."""

import numpy as np
import pytest
from keras import ops

from kerasalign.core.origin import Origin
from kerasalign.models import AAN
from kerasalign.models.aan.resizing import resize
from tests.support.cases import set_known_weights

SMALL = {"markup": "19", "channels": (8, 16), "stem": 8, "size": 32, "embedding": 16}


def landmarks(network, features):
    """Landmarks in units of the crop from the last features."""
    flat = ops.reshape(features, (len(features), -1))
    plain = network.config.embedding is None
    embedded = flat * flat.shape[-1] ** -0.5 if plain else network.get_layer("embedding")(flat)
    return np.asarray(network.get_layer("landmarks_out")(embedded))


@pytest.mark.parametrize("fields", [{}, {"embedding": None}, {"intermediate": None}])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_features_of_more_cells_give_the_same_landmarks(fields, factor):
    small = AAN(**SMALL | fields)
    set_known_weights(small)
    large = resize(small, 32 * factor)
    assert large.config == small.config.replace(size=32 * factor)
    features = np.random.default_rng(0).random((2, 8, 8, 16)).astype("float32")
    found = landmarks(large, features.repeat(factor, 1).repeat(factor, 2))
    np.testing.assert_allclose(found, landmarks(small, features), rtol=1e-4, atol=1e-4)


def test_all_other_weights_and_the_origin_stay():
    small = AAN(**SMALL).with_origin(Origin(name="small", dataset="synth"))
    large = resize(small, 64)
    assert large.origin == small.origin
    for new, old in zip(large.weights, small.weights, strict=True):
        if not old.path.endswith("embedding/kernel"):
            np.testing.assert_array_equal(new.value, old.value, err_msg=old.path)


@pytest.mark.parametrize("size", [48, 16, 0])
def test_what_cannot_be_resized(size):
    with pytest.raises(ValueError, match="must be a multiple of 32"):
        resize(AAN(**SMALL), size)
