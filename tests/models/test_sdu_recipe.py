import json

import numpy as np
import pytest

from kerasalign.data import AugmentConfig
from kerasalign.data.augmentation import draw
from kerasalign.datasets import make_miniature
from kerasalign.hub import get_recipe
from kerasalign.markups import get_markup
from kerasalign.models.sdu.recipe import SDURecipe
from tests.support.cases import SMALL_SDU


def test_a_run_trains_pairs(tmp_path):
    data = make_miniature("300w", tmp_path / "300w")
    recipe = SDURecipe(SMALL_SDU, steps=4, steps_per_epoch=2, batch_size=4, validation=2)
    model = recipe.fit(data, tmp_path / "run", verbose=0)
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["recipe"] == "sdu" and [row["epoch"] for row in card["curve"]] == [1, 2]
    assert all(np.isfinite(row["loss"]) for row in card["curve"])
    assert model.config.paired and model.get_config()["multiplier"] == 1 / 32


def test_rates():
    found = SDURecipe(SMALL_SDU).learning_rate_schedule()
    rates = {0: 2.5e-4, 15_999: 2.5e-4, 16_000: 5e-5, 23_999: 5e-5, 24_000: 1e-5, 30_000: 1e-5}
    for step, rate in rates.items():
        assert float(found(step)) == pytest.approx(rate, rel=1e-5), step


def test_nadam_is_the_paper_s():
    config = SDURecipe(SMALL_SDU).optimizer().get_config()
    assert (config["beta_1"], config["beta_2"], config["epsilon"]) == (0.9, 0.999, 1e-8)


@pytest.mark.parametrize(
    "name, dataset, normalizer",
    [
        ("sdu-300w", "300w", "inter_pupil"),
        ("sdu-300wlp", "300w-lp", "box_size"),
    ],
)
def test_presets(name, dataset, normalizer):
    recipe = get_recipe(name)
    assert isinstance(recipe, SDURecipe) and recipe.dataset == dataset and recipe.nme_normalizer == normalizer
    assert (recipe.steps, recipe.resolved().batch_size, recipe.seed) == (30_000, 20, 727)


def test_faces_turn_by_40_degrees_and_scale_by_a_fifth():
    rng = np.random.default_rng(0)
    drawn = [draw(AugmentConfig.preset("sdu"), rng, get_markup("68")) for _ in range(300)]
    turns = np.array([params.linear for params in drawn])
    angle = np.rad2deg(np.arctan2(turns[:, 1, 0], turns[:, 0, 0]))
    scale = np.sqrt(np.linalg.det(turns))
    assert -40 <= angle.min() < -35 < 35 < angle.max() <= 40
    assert 0.8 <= scale.min() < 0.82 < 1.18 < scale.max() <= 1.2
    assert {params.flip for params in drawn} == {True, False}
    pairs = AugmentConfig.preset("sdu-pairs")
    assert not any(draw(pairs, rng, get_markup("68")).flip for _ in range(50))
