"""SCC that learned on small crops goes on at larger ones."""

import numpy as np
import pytest

from kerasalign.core.origin import Origin
from kerasalign.models import SCC
from kerasalign.models.scc.resizing import resize
from tests.support.cases import set_known_weights

SMALL = {"markup": "19", "width": 16, "blocks": (1, 1, 1, 1), "size": 64}


def test_maps_of_twice_the_size_give_landmarks_of_twice_the_size():
    small = SCC(**SMALL)
    set_known_weights(small)
    large = resize(small, 128)
    assert large.config == small.config.replace(size=128)
    maps = np.random.default_rng(0).random((2, 4, 4, 76)).astype("float32")
    adjacency = np.tile(np.eye(19, dtype="float32"), (2, 1, 1))

    def landmarks(network, maps):
        nodes = network.get_layer("nodes")(maps)
        hidden = network.get_layer("graph_in")(nodes, adjacency)
        for block in range(1, 5):
            hidden = network.get_layer(f"graph_block{block}")(hidden, adjacency)
        return np.asarray(network.get_layer("graph_out")(hidden, adjacency))

    shape = small.get_layer("nodes").input.shape
    maps = maps[:, : shape[1], : shape[2]]
    found = landmarks(large, maps.repeat(2, 1).repeat(2, 2))
    np.testing.assert_allclose(found, landmarks(small, maps) * 2 + 0.5, rtol=1e-4, atol=1e-3)


def test_all_other_weights_and_the_origin_stay():
    small = SCC(**SMALL).with_origin(Origin(name="small", dataset="synth"))
    large = resize(small, 128)
    assert large.origin == small.origin
    for new, old in zip(large.weights, small.weights, strict=True):
        if "graph_in" not in old.path and "graph_out" not in old.path:
            np.testing.assert_array_equal(new.value, old.value, err_msg=old.path)


@pytest.mark.parametrize(
    ("fields", "size", "message"),
    [({}, 96, "must be a multiple of 64"), ({}, 32, "must be a multiple"), ({"head": "fc"}, 128, "with a graph")],
)
def test_what_cannot_be_resized(fields, size, message):
    with pytest.raises(ValueError, match=message):
        resize(SCC(**SMALL | fields), size)
