import json
from dataclasses import replace

import numpy as np
import pytest

from kerasalign.datasets import make_miniature
from kerasalign.evaluation import evaluate_model
from kerasalign.geometry import box_center
from kerasalign.hub import get_recipe, read_manifest
from kerasalign.models import AAN
from kerasalign.models.aan import AANConfig
from kerasalign.models.aan.recipe import AANRecipe
from kerasalign.training import CoupledAdam

MODEL = AANConfig(
    markup="68",
    stem=8,
    channels=[8, 16],
    embedding=16,
    size=32,
)


def test_a_run_trains_with_early_predictions(tmp_path):
    data = make_miniature("300w", tmp_path / "300w")
    recipe = AANRecipe(MODEL, steps=4, steps_per_epoch=2, batch_size=4, validation=2)
    model = recipe.fit(data, tmp_path / "run", cache_dir=tmp_path / "cache", verbose=0)
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert len(card["curve"]) == 2 and all(np.isfinite(row["loss"]) for row in card["curve"])
    assert card["recipe"] == "aan" and model.config.intermediate == "features"
    assert set(model.strip_aux().output) == {"landmarks"}


@pytest.mark.parametrize(
    ("dataset", "protocol", "model"),
    [
        (
            "aflw",
            "aflw-full-box_size",
            AAN(markup="19", box="ground_truth", stem=8, channels=(8,), embedding=4, size=32),
        ),
        (
            "celeba",
            "celeba-test-inter_ocular",
            AAN(markup="5", box="image", stem=8, channels=(8,), embedding=4, size=32),
        ),
    ],
)
def test_data_sets_are_measured_by_their_own_boxes(tmp_path, dataset, protocol, model):
    report = evaluate_model(model, make_miniature(dataset, tmp_path / dataset), [protocol], n_bootstrap=0)
    (evaluation,) = report.evaluations
    assert evaluation.protocol.box_source == "dataset" and np.isfinite(evaluation.nmes).all()
    # An untrained network puts every point into the middle of its crop, that is of the box.
    face = next(iter(report.samples.values()))
    middle = box_center(face.box(model.crop_spec.box))
    np.testing.assert_allclose(report.landmarks[face.name], np.tile(middle, (len(face.landmarks), 1)), atol=1e-3)


def test_rates_of_the_paper():
    found = AANRecipe(MODEL).learning_rate_schedule()
    for step, rate in {0: 1e-3, 24_999: 1e-3, 25_000: 1e-4, 39_999: 1e-4, 40_000: 1e-5, 49_999: 1e-5}.items():
        assert float(found(step)) == pytest.approx(rate, rel=1e-5)
    assert float(AANRecipe(MODEL, schedule="cosine", steps=100).learning_rate_schedule()(100)) == pytest.approx(0)


def test_weight_decay():
    recipe = AANRecipe(MODEL)
    coupled = replace(recipe, ema_decay=0.99).optimizer()
    assert isinstance(coupled, CoupledAdam) and coupled.l2 == 1e-3 and coupled.use_ema
    assert replace(recipe, decay="decoupled").optimizer().weight_decay == 1e-3
    with pytest.raises(ValueError, match="Received: decay='some'"):
        AANRecipe(MODEL, decay="some")


def test_table_5_is_trained_by_settings():
    recipe = get_recipe("aan-300w")
    plain = recipe.with_settings(model=recipe.model.replace(attention=False, embedding=None))
    model = plain.network_config(None, None).build()
    assert model.config.intermediate is None and "embedding" not in {layer.name for layer in model.layers}


@pytest.mark.parametrize("name", [name for name, preset in read_manifest().presets.items() if preset.paper == "aan"])
def test_presets(name):
    recipe = get_recipe(name)
    assert isinstance(recipe, AANRecipe) and recipe.batch_size == 64 and recipe.augment == "none"
    assert recipe.nme_normalizer in ("inter_pupil", "inter_ocular", "box_size")
    assert recipe.model.intermediate == "features"
