"""Promises that every model keeps (contracts 1 and 2)."""

import math

import keras
import numpy as np
import pytest

import kerasalign.models
from kerasalign.core.profile import profile
from kerasalign.models import get_paper, list_papers
from tests.support.arrays import crops
from tests.support.cases import MODELS, model_target, set_known_weights

CONFIGS = {name for paper in list_papers() for name in get_paper(paper).models}


@pytest.fixture(scope="module", params=MODELS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def case(name):
    return MODELS[name]


@pytest.fixture(scope="module")
def model(case):
    """With known weights, which tests leave as they are; how it is compiled is theirs."""
    model = case.make()
    set_known_weights(model)
    return model


@pytest.fixture(scope="module")
def twin(model):
    """The model's own config, built again as run cards and manifests hold it."""
    keras.utils.set_random_seed(0)
    return kerasalign.models.build({"class": type(model).__name__, **model.get_config()})


@pytest.fixture(scope="module")
def first_values(twin):
    return [(variable, np.array(variable)) for variable in twin.variables]


@pytest.fixture
def untrained(twin, first_values):
    """The twin as it was built, the state of its random draws included."""
    keras.utils.set_random_seed(0)
    for variable, value in first_values:
        variable.assign(value)
    return twin


def assert_close(a, b):
    """Equal but for rounding, which grows with the largest value: sums over many channels cancel."""
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(b).max()))


def test_output_has_landmarks_in_crop_pixels_for_any_batch(model):
    size = model.crop_spec.size
    images = crops(3, size)
    out = model(images)
    assert out["landmarks"].shape == (3, model.markup.num_points, 2)
    for key, value in out.items():
        assert tuple(model.output[key].shape)[1:] == tuple(value.shape)[1:], key
    for i in range(3):
        alone = model(images[i : i + 1])
        for key, value in out.items():
            assert_close(np.asarray(alone[key])[0], np.asarray(value)[i])


def test_uint8_and_float_crops_are_the_same(model):
    images = crops(2, model.crop_spec.size)
    a, b = (np.asarray(model(x)["landmarks"]) for x in (images, images.astype("float32")))
    np.testing.assert_array_equal(a, b)


def test_config_rebuilds_the_model(model, twin):
    assert type(twin) is type(model) and twin.get_config() == model.get_config()
    assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]
    assert twin.crop_spec == model.crop_spec and twin.markup is model.markup


def test_fit_learns_with_missing_points_and_evaluate_reports_nme(case, untrained):
    model = untrained
    images, target = crops(4, model.crop_spec.size), model_target(model, 4)
    model.compile(keras.optimizers.Adam(case.rate))
    history = model.fit(images, target, batch_size=2, epochs=6, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert history.history["loss"][-1] < history.history["loss"][0]
    score = model.evaluate(images, target, verbose=0, return_dict=True)
    assert np.isfinite(score["loss"]) and score["nme"] > 0


def test_gradients_reach_every_weight(case, untrained):
    model = untrained
    model.compile(keras.optimizers.SGD(1e-2), run_eagerly=True)
    before = [np.array(w) for w in model.trainable_weights]
    for _ in range(2):
        model.train_on_batch(crops(2, model.crop_spec.size), model_target(model, 2))
    for weight, old in zip(model.trainable_weights, before):
        assert np.isfinite(np.asarray(weight)).all(), weight.path
        assert weight.path.endswith(case.idle) or not np.array_equal(np.asarray(weight), old), weight.path


def test_sample_weight_zero_takes_a_face_out(model):
    model.compile("sgd", run_eagerly=True)
    images, target = crops(2, model.crop_spec.size), model_target(model, 2)
    both = model.test_on_batch(images, target, sample_weight=np.array([0.0, 1.0]), return_dict=True)
    alone = model.test_on_batch(images[1:], target[1:], return_dict=True)
    assert both["loss"] == pytest.approx(alone["loss"], rel=1e-5)
    assert both["nme"] == pytest.approx(alone["nme"], rel=1e-5)


def test_mixed_float16_gives_float32_landmarks(case):
    model = case.make(dtype="mixed_float16")
    set_known_weights(model)
    out = model(crops(2, model.crop_spec.size))
    assert out["landmarks"].dtype == "float32"
    assert np.isfinite(np.asarray(out["landmarks"])).all()
    model.compile("sgd", run_eagerly=True)
    assert np.isfinite(model.train_on_batch(crops(2, model.crop_spec.size), model_target(model, 2))[0])
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    twin = type(model).from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert [layer.dtype_policy.name for layer in twin.layers] == [layer.dtype_policy.name for layer in model.layers]


def test_predict_crops_equals_the_model(model):
    images = crops(5, model.crop_spec.size)
    out = model.predict_crops(images, batch_size=2)
    for key, value in model(images).items():
        assert_close(out[key], np.asarray(value))
    empty = model.predict_crops(images[:0])
    assert {k: v.shape[1:] for k, v in empty.items()} == {k: v.shape[1:] for k, v in out.items()}
    assert all(len(v) == 0 for v in empty.values())


def test_predict_crops_keeps_the_outputs_that_are_asked_for(model):
    images = crops(1, model.crop_spec.size)
    found = model.predict_crops(images, outputs=("landmarks", "what it does not have"))
    assert set(found) == {"landmarks"}
    np.testing.assert_array_equal(found["landmarks"], model.predict_crops(images)["landmarks"])


def test_weights_changed_after_a_prediction_are_used(model, untrained):
    images = crops(1, model.crop_spec.size)
    known = model.get_weights()
    first = model.predict_crops(images)["landmarks"]
    model.set_weights(untrained.get_weights())
    changed = model.predict_crops(images)["landmarks"]
    model.set_weights(known)
    assert np.abs(changed - first).max() > 1e-3


def test_float16_weights_load_into_the_float32_model(model, untrained, tmp_path):
    from kerasalign.training import save_weights

    save_weights(model, tmp_path / "half.weights.h5", "float16")
    save_weights(model, tmp_path / "full.weights.h5")
    assert (tmp_path / "half.weights.h5").stat().st_size < 0.7 * (tmp_path / "full.weights.h5").stat().st_size
    untrained.load_weights(tmp_path / "half.weights.h5")
    for a, b in zip(untrained.get_weights(), model.get_weights()):
        assert a.dtype == "float32"
        np.testing.assert_array_equal(a, b.astype("float16").astype("float32"))


def test_wrong_input_and_losses_are_refused(model):
    with pytest.raises(ValueError, match="Received: shape"):
        model.predict_crops(np.zeros((1, 9, 9, 3), "uint8"))
    with pytest.raises(ValueError, match="own loss"):
        model.compile("adam", loss="mse")


def test_profile_counts_every_parameter_and_product(model):
    found = profile(model)
    trained = model.inference_network().trainable_weights
    assert found.parameters == sum(math.prod(weight.shape) for weight in trained)
    assert found.macs == model.count_macs("full") > 0
    assert all(found[block.name] is block for block in found.blocks)
    with pytest.raises(KeyError, match="Received: name='nowhere'"):
        found["nowhere"]


def test_a_case_is_named_after_its_class(name, model):
    assert _class_of(name) == type(model).__name__


def test_every_model_class_is_here():
    assert {_class_of(name) for name in MODELS} >= CONFIGS


def _class_of(case_name: str) -> str:
    return case_name.replace(",", " ").split()[0]


def test_xla_is_off_under_tensorflow_unless_it_is_asked_for(model):
    model.compile("sgd")
    assert model.jit_compile == (keras.backend.backend() == "jax") and model.optimizer.built
    model.compile("sgd", jit_compile=True)
    assert model.jit_compile
