"""What a setting of a paper says is what is trained: no argument is given twice with two meanings."""

import dataclasses

import keras
import numpy as np
import pytest

from kerasalign.cli.recipes import changed
from kerasalign.core.adaptation import adapt
from kerasalign.core.own_points import in_crops
from kerasalign.data.balance import pdb_copies
from kerasalign.data.cache import CropCache
from kerasalign.data.report import balance_report
from kerasalign.geometry import CropSpec
from kerasalign.hub import get_recipe, read_manifest
from kerasalign.markups import Markup
from kerasalign.models import get_paper, list_papers
from kerasalign.models.aan import AAN, AANConfig
from kerasalign.models.aan.recipe import AANRecipe
from kerasalign.models.scc import SCC, SCCConfig
from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.models.scc.recipe import SCCRecipe
from kerasalign.models.sdu import TABLE_1, SDUConfig
from kerasalign.models.sdu.recipe import SDURecipe
from kerasalign.training import CoupledSGD

SMALL = {"markup": "68", "width": 8, "blocks": [1, 1, 1, 1], "size": 32}


def faces(count=30, size=40, points=68, seed=0):
    """A cache of random shapes, whose crops are not looked at."""
    rng = np.random.default_rng(seed)
    landmarks = rng.uniform(5, size - 5, (count, points, 2)).astype("float32")
    landmarks[:, ::3] += np.linspace(0, 6, count)[:, None, None].astype("float32")
    return CropCache(
        np.zeros((count, size, size, 3), "uint8"),
        landmarks,
        np.tile([5.0, 5.0, size - 5, size - 5], (count, 1)),
        [f"face {i}" for i in range(count)],
        CropSpec(size, 1.25),
        "68",
    )


@pytest.mark.parametrize("paper", list_papers())
def test_no_recipe_has_a_field_of_its_networks(paper):
    recipe = {field.name for field in dataclasses.fields(get_paper(paper).recipe_class())}
    for config in get_paper(paper).configs:
        assert not recipe & {field.name for field in dataclasses.fields(config)}


@pytest.mark.parametrize("neighbors, symmetric", [(10, True), (3, False)])
def test_scc_learns_the_graph_that_its_network_asks_for(neighbors, symmetric):
    cache, train = faces(), np.arange(30)
    recipe = SCCRecipe(SCCConfig(**SMALL, neighbors=neighbors, symmetric=symmetric))
    learned = np.asarray(recipe.network_config(cache, train).graph)
    inner = np.asarray(cache.landmarks, "float64") - (cache.spec.size - 32) / 2
    np.testing.assert_array_equal(learned, build_adjacency(inner, neighbors, symmetric).graph)
    assert learned.sum() >= 68 * (neighbors + 1)


def test_a_graph_of_the_user_s_is_kept():
    graph = np.eye(68, dtype=int) + np.eye(68, k=1, dtype=int)
    recipe = SCCRecipe(SCCConfig(**SMALL, graph=graph))
    np.testing.assert_array_equal(recipe.network_config(faces(), np.arange(30)).graph, graph)


def test_scc_for_own_points_keeps_k_and_direction():
    model = SCC(SCCConfig(**SMALL, neighbors=5, symmetric=False))
    shape = np.random.default_rng(1).uniform(0, 1, (9, 2))
    own = Markup("nine-own", 9, {"all": range(9)}, range(9), {}, {}, shape - shape.mean(0))
    shapes = 20 * shape + np.random.default_rng(0).normal(0, 2, (20, 9, 2))
    found = adapt(model, own, shapes)
    # In crops that are cut by the points' own box, as the network sees them.
    cut = in_crops(shapes, found.crop_spec)
    np.testing.assert_array_equal(found.graph, build_adjacency(cut, 5, False).graph)


def test_early_predictions_of_aan_are_those_that_are_asked_for():
    recipe = get_recipe("aan-300w")
    assert recipe.model.intermediate == "features"
    for wanted in ("attended", None):
        row = changed(recipe, {"intermediate": wanted}, {}, {})
        assert row.network_config(None, None).intermediate == wanted


def test_settings_and_fields_reach_everything_and_unknown_ones_raise():
    recipe = get_recipe("musica19-300w")
    found = changed(recipe, {"hidden": 64}, {"steps": 7}, {"ema_decay": None, "balance_components": 4})
    assert (found.model.hidden, found.steps, found.ema_decay, found.balance_components) == (64, 7, None, 4)
    with pytest.raises(ValueError, match=r"takes the settings .*Received: \['neighbours'\]"):
        changed(recipe, {}, {}, {"neighbours": 3})
    with pytest.raises(ValueError, match=r"takes the arguments .*Received: \['neighbours'\]"):
        changed(recipe, {"neighbours": 3}, {}, {})
    with pytest.raises(ValueError, match=r"no option of its own. Received: \['steps'\]"):
        changed(recipe, {}, {"steps": 7}, {"steps": 8})
    with pytest.raises(ValueError, match="`precision` and the `dtype`"):
        changed(recipe, {"dtype": "float32"}, {"precision": "mixed_bfloat16"}, {})


@pytest.mark.parametrize("preset", [name for name, p in read_manifest().presets.items() if p.paper == "sdu"])
def test_rows_of_sdu_s_table_take_the_place_of_any_preset(preset):
    model = get_recipe(preset).model
    for row in TABLE_1.values():
        merged = model.replace(**row).resolved()
        assert (
            merged
            == SDUConfig(
                **row,
                **{
                    name: getattr(model, name)
                    for name in ("markup", "multiplier", "size", "crop_scale", "loss", "decode", "visibility")
                },
            ).resolved()
        )
    assert model.replace(transformer="none").resolved().deformable == 0


def test_pairs_decide_batch_and_augmentation():
    recipe = get_recipe("sdu-300w")
    for row, fields in TABLE_1.items():
        plan = recipe.with_settings(model=recipe.model.replace(**fields)).in_steps(100)
        paired = row in ("Dense U-Net + Outside", "Dense U-Net + Dual")
        assert (plan.batch_size, plan.augment) == ((20, "sdu-pairs") if paired else (40, "sdu"))
    assert SDURecipe(recipe.model, batch_size=8, augment="none").resolved().augment == "none"


def test_weight_decay_of_aan_acts_on_the_paper_s_weights():
    model = AAN(AANConfig(markup="68", stem=8, channels=[8, 16], embedding=16, size=32, bandwidth=3.0))
    recipe = AANRecipe(model.config, steps=10)
    optimizer = recipe.optimizer()
    optimizer.build(model.trainable_variables)
    paths = [f"/{variable.path}" for variable in model.trainable_variables]
    for end in recipe.model.stored_scales:
        assert sum(path.endswith(f"/{end}") for path in paths) == 1, end
    features = 16 * 8 * 8
    # cos(W x + b) with W = kernel / (bandwidth sqrt(D)), and heads on features over the root of their number.
    assert recipe.model.stored_scales == pytest.approx(
        {"head1/kernel": (16 * 8) ** 0.5, "head2/kernel": 16.0, "embedding/kernel": 3 * features**0.5}
    )


def test_decay_of_a_stored_multiple_is_that_of_the_weight():
    def shrunk(scale):
        variable = keras.Variable(np.full((2, 2), 5.0 * scale, "float32"), name="kernel")
        optimizer = CoupledSGD(0.5, l2=0.1, stored_scales={"kernel": scale})
        optimizer.build([variable])
        for _ in range(3):
            # The gradient of a stored s W is that of W over s.
            optimizer.apply([keras.ops.ones((2, 2)) / scale], [variable])
        return np.asarray(variable) / scale

    plain = 5.0
    for _ in range(3):
        plain -= 0.5 * (1 + 0.1 * plain)
    np.testing.assert_allclose(shrunk(1.0), plain, rtol=1e-6)
    # SGD on s W moves W by 1 / s^2 as much; both parts of the step shrink alike.
    slow = 5.0
    for _ in range(3):
        slow -= 0.5 / 16 * (1 + 0.1 * slow)
    np.testing.assert_allclose(shrunk(4.0), slow, rtol=1e-6)


def test_the_report_of_balancing_is_the_list_that_is_trained_on():
    cache, train = faces(60), np.arange(60)
    recipe = SCCRecipe(SCCConfig(**SMALL))
    report = balance_report(cache.landmarks, "pdb", recipe.balance_bins, seed=recipe.seed, absolute=True)
    np.testing.assert_array_equal(report.copies, recipe.copies(cache, train))
    assert report.before.sum() == 60 and report.score.min() >= 0
    assert (report.copies != pdb_copies(cache.landmarks, 9, 0)).any()
