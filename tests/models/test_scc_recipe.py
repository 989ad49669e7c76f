import json

import numpy as np
import pytest

from kerasalign.data.balance import pdb_copies
from kerasalign.data.cache import CropCache
from kerasalign.data.cache_build import build_cache
from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.hub import get_recipe
from kerasalign.models.scc import SCCConfig
from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.models.scc.recipe import SCCRecipe
from kerasalign.training.faces import face_loader

MODEL = SCCConfig(markup="68", width=16, blocks=[1, 1, 1, 1], size=64)


def test_a_run_learns_the_graph_of_its_annotations(tmp_path):
    data = make_miniature("300w", tmp_path / "300w")
    recipe = SCCRecipe(MODEL, epochs=2, batch_size=4, validation=2)
    model = recipe.fit(data, tmp_path / "run", cache_dir=tmp_path / "cache", verbose=0)
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert [row["epoch"] for row in card["curve"]] == [1, 2] and card["recipe"] == "scc"
    assert all(np.isfinite(row["loss"]) for row in card["curve"])
    cache = CropCache.open(tmp_path / "cache")
    learned = recipe.learned_config(cache, np.arange(len(cache)))["graph"]
    np.testing.assert_array_equal(learned, build_adjacency(cache.landmarks).graph.astype(int))
    assert model.graph.shape == (68, 68)


def test_a_pass_goes_over_the_list_that_balancing_by_pose_makes(tmp_path):
    data = make_miniature("300w", tmp_path / "300w", faces=8)
    plans = []
    cache = build_cache(read_dataset("300w", data), MODEL.crop, tmp_path / "cache")
    train = np.arange(len(cache))[1:]
    for balance, settings in (("pdb", {}), ("none", {}), ("gdb", {}), ("pdb", {"steps": 7})):
        recipe = SCCRecipe(MODEL, epochs=3, batch_size=4, validation=2, balance=balance).with_settings(**settings)
        plan = recipe.in_steps(recipe.faces_per_pass(cache, train))
        plans.append((plan, face_loader(plan, cache, train)))
    balanced, plain, weighed, stepped = plans
    plan, loader = balanced
    copies = pdb_copies(cache.landmarks[train], bins=9, absolute=True)
    assert copies.sum() > 1.5 * len(train)
    assert plan.steps_per_epoch == -(-copies.sum() // 4) and plan.steps == 3 * plan.steps_per_epoch
    seen = np.concatenate([loader.faces(0, index) for index in range(len(loader))])[: copies.sum()]
    np.testing.assert_array_equal(np.bincount(seen, minlength=len(cache))[train], copies)
    assert plain[0].steps == weighed[0].steps == 3 * -(-len(train) // 4)
    assert stepped[0].steps == 7


@pytest.mark.parametrize(
    "schedule, rates",
    [
        ("paper", {0: 0.01, 99: 0.01, 100: 0.002, 200: 4e-4, 300: 8e-5, 400: 1.6e-5, 499: 1.6e-5}),
        ("released", {0: 0.01, 199: 0.01, 200: 0.002, 349: 0.002, 350: 4e-4}),
    ],
)
def test_rates_of_500_epochs(schedule, rates):
    found = SCCRecipe(MODEL, schedule=schedule, batch_size=10).in_steps(30).learning_rate_schedule()
    for epoch, rate in rates.items():
        assert float(found(epoch * 3)) == pytest.approx(rate, rel=1e-5)


def test_presets():
    recipe = get_recipe("scc-wflw")
    assert isinstance(recipe, SCCRecipe) and recipe.dataset == "wflw" and recipe.epochs == 500
    assert recipe.nme_normalizer == "inter_ocular" and recipe.model.graph is None
