"""What `compile` sets up, and that files, further calls and own point schemes keep it."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

import kerasalign.models
from kerasalign.core.adaptation import places
from kerasalign.core.weighted import weighted_mean
from kerasalign.markups import get_markup, list_markups, register_markup, unregister_markup
from kerasalign.metrics import NormalizedMeanError
from kerasalign.models import AAN
from tests.support.arrays import crops
from tests.support.cases import KINDS, MODELS, model_target, set_known_weights


# One of each kind, and the one that draws at random in training.
@pytest.fixture(scope="module", params=[*KINDS.values(), "SDU, U-Net in pairs"])
def model(request):
    """With known weights; how it is compiled is the tests'."""
    model = MODELS[request.param].make()
    set_known_weights(model)
    return model


@pytest.fixture
def own():
    """Makes a markup that is not registered; it is removed if a test registers it."""
    names = []

    def make(points):
        names.append(f"own-{points}")
        return replace(get_markup(points), name=names[-1])

    yield make
    for name in names:
        unregister_markup(name)


def batch(model, count=2):
    return crops(count, model.crop_spec.size), model_target(model, count)


def test_every_compile_reports_one_nme_and_metrics_of_the_landmarks(model):
    images, target = batch(model)
    model.compile("sgd")
    mine = NormalizedMeanError(model.markup, "box_size", name="mine")
    weighted = NormalizedMeanError(model.markup, "box_size", name="weighted")
    model.compile("sgd", "box_size", run_eagerly=True, metrics=[mine], weighted_metrics={"landmarks": [weighted]})
    assert sorted(metric.name for metric in model.metrics) == ["compile_metrics", "loss", "nme"]
    found = model.test_on_batch(images, target, sample_weight=np.array([0.0, 2.0]), return_dict=True)
    assert set(found) == {"loss", "nme", "mine", "weighted"} and found["weighted"] == found["nme"]
    assert found["mine"] == pytest.approx(model.test_on_batch(images, target, return_dict=True)["nme"], rel=1e-6)


def test_a_column_of_sample_weights_is_a_list_of_them(model):
    images, target = batch(model)
    model.compile("sgd", "box_size", run_eagerly=True)
    weight = np.array([3.0, 1.0], "float32")
    flat, column = (
        model.test_on_batch(images, target, sample_weight=w, return_dict=True) for w in (weight, weight[:, None])
    )
    assert flat == column


def test_a_compiled_model_comes_back_from_a_file_as_it_was(model, tmp_path):
    images, target = batch(model)
    known = model.get_weights()
    model.compile(keras.optimizers.Adam(1e-3), "box_size", run_eagerly=True)
    model.train_on_batch(images, target)
    model.save(tmp_path / "compiled.keras")
    twin = keras.models.load_model(tmp_path / "compiled.keras")
    assert int(twin.optimizer.iterations) == 1
    for a, b in zip(twin.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    scores = [m.test_on_batch(images, target, return_dict=True) for m in (twin, model)]
    assert set(scores[0]) == {"loss", "nme"} and scores[0] == scores[1]
    steps = [m.train_on_batch(images, target) for m in (twin, model)]
    np.testing.assert_array_equal(*steps)
    for a, b in zip(twin.get_weights(), model.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    model.set_weights(known)


def test_a_config_brings_own_points_to_a_process_that_does_not_know_them(model, own):
    own = own("29")
    config = json.loads(json.dumps(model.config.for_markup(own).architecture()))
    new = kerasalign.models.build(config)
    assert new.markup.same_as(own) and new.markup is get_markup("own-29")
    assert new.get_config()["markup_spec"] == config["markup_spec"]
    back = new.config.for_markup(get_markup("19")).to_json()
    assert back["markup"] == "19" and "markup_spec" not in back
    # What other points change the shape of, other points of the same number change the meaning of.
    old = dict(zip(places(weight.path for weight in model.weights), model.weights))
    for place, weight in zip(places(weight.path for weight in new.weights), new.weights):
        same = place in old and old[place].shape == weight.shape
        assert same or any(part in f"/{weight.path}" for part in model.point_weights), weight.path


SMALL = {"stem": 8, "channels": (8, 16), "embedding": 16, "size": 32}


def test_a_file_brings_own_points_to_a_process_that_does_not_know_them(own, tmp_path):
    own = own("5")
    model = AAN(markup=own, **SMALL)
    model.compile(metrics=[NormalizedMeanError(own, "box_size", name="nme_box")])
    model.save(tmp_path / "own.keras")
    assert "own-5" not in list_markups()
    twin = keras.models.load_model(tmp_path / "own.keras")
    assert twin.markup.same_as(own) and twin.nme_metric.markup is twin.markup
    again = keras.models.load_model(tmp_path / "own.keras")
    assert again.markup is twin.markup


def test_points_under_the_name_of_others_are_refused(own, tmp_path):
    own = own("5")
    AAN(markup=own, **SMALL).save(tmp_path / "own.keras")
    other = register_markup(replace(own, boundaries={"mouth": (3, 4)}))
    with pytest.raises(ValueError, match=r"other points is registered\. Received: markup='own-5'"):
        AAN(markup=own, **SMALL)
    with pytest.raises(ValueError, match="other points is registered"):
        keras.models.load_model(tmp_path / "own.keras")
    assert AAN(markup=other, **SMALL).markup is other


def test_the_loss_of_halves_is_scaled_unless_it_is_not_wanted(tmp_path):
    model = AAN(markup="5", dtype="mixed_float16", **SMALL)
    model.compile("adam", "box_size", run_eagerly=True)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    model.train_on_batch(*batch(model))
    model.save(tmp_path / "half.keras")
    twin = keras.models.load_model(tmp_path / "half.keras")
    assert not isinstance(twin.optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer)
    for a, b in zip(twin.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    own = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=4.0)
    model.compile(own)
    assert model.optimizer is own
    model.compile("sgd", auto_scale_loss=False)
    model.save(tmp_path / "plain.keras")
    twin = keras.models.load_model(tmp_path / "plain.keras")
    assert type(twin.optimizer) is type(model.optimizer) is keras.optimizers.SGD


def test_a_config_says_how_it_was_compiled():
    model = AAN(markup="5", **SMALL)
    assert model.get_compile_config() == {}
    model.compile("sgd", "box_size")
    config = json.loads(json.dumps(model.get_compile_config()))
    twin = AAN(markup="5", **SMALL)
    twin.compile_from_config(config)
    assert twin.get_compile_config() == config
    assert (twin.nme_metric.normalizer, config["jit_compile"]) == ("box_size", "auto")


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({"intermediate": ["mae"]}, r"Received: metrics of \['intermediate'\]"),
        ([NormalizedMeanError("5", "box_size")], r"Received: metrics named \['nme'\]"),
    ],
)
def test_metrics_that_cannot_be_told_apart_or_have_no_target(metrics, reason):
    model = AAN(markup="5", **SMALL)
    with pytest.raises(ValueError, match=reason):
        model.compile("sgd", metrics=metrics)
    assert not model.compiled


@pytest.mark.parametrize("shape", [(), (2,), (3, 2), (1, 3)])
def test_sample_weights_that_are_not_one_per_face(shape):
    with pytest.raises(ValueError, match=r"`sample_weight` must be .* Received: shape"):
        weighted_mean(keras.ops.ones(3), np.ones(shape, "float32"))


def test_sample_weights_of_both_shapes_in_the_same_compiled_step():
    model = AAN(markup="5", **SMALL)
    model.compile("sgd")
    images, target = batch(model)
    weight = np.array([1.0, 0.0], "float32")
    found = [model.test_on_batch(images, target, sample_weight=w) for w in (weight, weight[:, None], weight)]
    np.testing.assert_allclose(found, found[:1] * 3, rtol=1e-6)
