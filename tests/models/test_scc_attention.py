"""SCC's attention, taken out of the network."""

import numpy as np
import pytest

from kerasalign.models import SCC
from kerasalign.models.scc.attention import attention_maps
from tests.support.arrays import crops
from tests.support.cases import set_known_weights

pytestmark = pytest.mark.usefixtures("eagerly")

SMALL = {"markup": "5", "width": 16, "blocks": (1, 1, 1, 1), "size": 64}


def test_maps_of_each_fused_level_are_those_of_its_layer():
    model = SCC(**SMALL)
    set_known_weights(model)
    images = crops(3, 64)
    found = attention_maps(model, images, batch_size=2)
    assert {level: maps.shape for level, maps in found.items()} == {4: (3, 4, 4), 3: (3, 8, 8)}
    alone = attention_maps(model, images[1:2])
    for level, maps in found.items():
        np.testing.assert_allclose(alone[level][0], maps[1], rtol=1e-4, atol=1e-5)
    none = attention_maps(model, images[:0])
    assert {level: maps.shape for level, maps in none.items()} == {4: (0, 4, 4), 3: (0, 8, 8)}
    weights = attention_maps(model, images, kind="attention")
    assert all((maps > 0).all() and (maps < 1).all() for maps in weights.values())


def test_a_network_without_attention_has_none():
    with pytest.raises(ValueError, match=r"Received: head='graph', levels=\(5,\)"):
        attention_maps(SCC(levels=(5,), **SMALL), crops(1, 64))
    with pytest.raises(ValueError, match="Received: kind='heat'"):
        attention_maps(SCC(**SMALL), crops(1, 64), kind="heat")
