"""The recipe of LW-BAFA and BAFA."""

import keras
import numpy as np
import pytest

from kerasalign.data import AugmentConfig, draw
from kerasalign.hub import get_recipe
from kerasalign.markups import get_markup


@pytest.mark.parametrize("name", ["lwbafa-300w", "lwbafa-wflw", "bafa-300w", "bafa-wflw"])
def test_recipe_is_the_papers(name):
    recipe = get_recipe(name)
    assert (recipe.epochs, recipe.batch_size, recipe.augment, recipe.balance) == (150, 16, "lwbafa", "none")
    assert recipe.dataset == name.split("-")[1] and recipe.nme_normalizer == "inter_ocular"
    plan = recipe.in_steps(3148 - 100)
    assert plan.steps == 150 * 191
    rate, steps = plan.learning_rate_schedule(), plan.steps_per_epoch
    found = [float(rate(epoch * steps + offset)) for epoch in (0, 89, 90, 119, 120, 149) for offset in (0, steps - 1)]
    np.testing.assert_allclose(found, [1e-4] * 4 + [1e-5] * 4 + [1e-6] * 4, rtol=1e-5)
    optimizer = plan.optimizer()
    assert isinstance(optimizer, keras.optimizers.Adam) and (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.9)


def test_short_runs_and_averages():
    recipe = get_recipe("lwbafa-300w").with_settings(steps=10, schedule="cosine", ema_decay=0.9)
    assert float(recipe.learning_rate_schedule()(10)) == pytest.approx(0, abs=1e-9)
    assert recipe.optimizer().use_ema
    with pytest.raises(ValueError, match="Received: schedule='steps'"):
        recipe.with_settings(schedule="steps")


def test_augmentation_draws_what_the_paper_says():
    config = AugmentConfig.preset("lwbafa")
    drawn = [draw(config, np.random.default_rng(seed), get_markup("68")) for seed in range(400)]
    turns = np.array([np.degrees(np.arctan2(p.linear[1, 0], p.linear[0, 0])) for p in drawn])
    assert 28 < np.abs(turns).max() <= 30
    np.testing.assert_allclose([np.linalg.det(p.linear) for p in drawn], 1)
    # A box is 1 / 1.25 of the crop.
    assert 0.095 < np.abs([p.box_shift for p in drawn]).max() / 1.25 <= 0.1
    gammas = np.array([p.gamma for p in drawn])
    assert gammas.min() >= 0.8 and gammas.max() <= 1.2 and np.ptp(gammas) > 0.35
    assert config.rebox == "fixed"  # the face keeps its size where it is turned
    covered = [p.occlusion[2:].prod() if p.occlusion is not None else 0 for p in drawn]
    assert 0.4 < np.mean(np.array(covered) > 0) < 0.6 and max(covered) == pytest.approx(0.2)
    assert all(p.on_crop for p in drawn)
    assert 0.05 < np.mean([p.blur > 0 for p in drawn]) < 0.16
    assert 0.4 < np.mean([p.flip for p in drawn]) < 0.6
    assert all(p.jet is None and not p.grayscale for p in drawn)
    assert draw(AugmentConfig(), np.random.default_rng(0), get_markup("68")).gamma == 1
