"""What holds for the recipe of every preset."""

import pytest

from kerasalign.datasets import get_dataset
from kerasalign.hub import get_recipe, read_manifest

PRESETS = {name: preset for name, preset in read_manifest().presets.items() if preset.trainable}


@pytest.mark.parametrize("name", PRESETS)
def test_its_data_set_has_a_reader(name):
    recipe = get_recipe(name)
    assert recipe.dataset == PRESETS[name].dataset
    assert get_dataset(recipe.dataset).name == recipe.dataset
