"""What users of Keras do with any model: export, copies; and data that are not what a model takes."""

import copy
import json
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasalign
from kerasalign.core.origin import Origin, Weights, read_origin
from kerasalign.hub import save_preset
from kerasalign.models import AAN, build
from kerasalign.runtimes import open_runtime
from tests.support.arrays import crops
from tests.support.cases import MODELS, model_target

SMALL = {"stem": 8, "channels": (8, 16), "embedding": 16, "size": 32}
RESEARCH = Origin(
    "some-preset",
    "300w",
    Weights("a.weights.h5", "folder", "0" * 64, 1, "float32", "research only", False, (), training={"steps": 3}),
)


@pytest.fixture(scope="module")
def model():
    return AAN(markup="5", **SMALL)


@pytest.fixture
def batch(model):
    return crops(4, 32), model_target(model, 4)


@pytest.mark.parametrize("name", ["MuSiCa", "AAN"])
def test_keras_own_export(name, tmp_path):
    model = MODELS[name].make().with_origin(RESEARCH)
    size = model.crop_spec.size
    model.export(tmp_path / "saved", verbose=False)
    images = crops(2, size).astype("float32")
    loaded = tf.saved_model.load(tmp_path / "saved")
    found = loaded.serve(images)["landmarks"]
    np.testing.assert_allclose(found, model(images)["landmarks"], rtol=1e-4, atol=1e-3)
    terms = json.loads((tmp_path / "saved" / "assets.extra" / "kerasalign.json").read_text())
    assert (terms["license"], terms["commercial_use"], terms["model"]) == ("research only", "no", name)
    with pytest.raises(ValueError, match="Only files that `kerasalign export` wrote"):
        open_runtime(tmp_path / "saved")


@pytest.mark.filterwarnings("ignore:In the future:FutureWarning")
def test_an_onnx_file_of_keras_says_the_terms(model, tmp_path):
    onnx = pytest.importorskip("onnx")
    model.predict_crops(crops(1, 32))
    model.with_origin(RESEARCH).export(tmp_path / "model.onnx", format="onnx", verbose=False)
    model.with_origin(None)
    props = {prop.key: prop.value for prop in onnx.load(str(tmp_path / "model.onnx")).metadata_props}
    assert (props["license"], props["commercial_use"]) == ("research only", "no")


def test_clone_model_of_a_compiled_model(model, batch):
    model.compile(keras.optimizers.SGD(0.5), "box_size", metrics=[keras.metrics.MeanAbsoluteError(name="mae")])
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert clone.compiled and float(clone.optimizer.learning_rate) == 0.5
    np.testing.assert_array_equal(clone(batch[0])["landmarks"], model(batch[0])["landmarks"])
    twin = type(model).from_config(model.get_config())
    twin.compile_from_config(model.get_compile_config())
    assert twin.nme_metric.normalizer == "box_size"
    assert set(twin.test_on_batch(*batch, return_dict=True)) == {"loss", "nme", "mae"}


def test_a_plain_model_of_keras_is_refused_where_terms_count(model, tmp_path):
    clone = keras.models.clone_model(model.with_origin(RESEARCH))
    model.with_origin(None)
    for call in (
        lambda: save_preset(clone, tmp_path / "mine", license="MIT", commercial_use=True, training_data=[OWN]),
        lambda: kerasalign.export(clone, tmp_path / "mine.onnx"),
        lambda: kerasalign.adapt(clone, "19"),
    ):
        with pytest.raises(ValueError, match=r"copy\.deepcopy\(model\)"):
            call()


@pytest.mark.parametrize(
    "again",
    [
        lambda model, path: model.save(path / "m.keras") or keras.models.load_model(path / "m.keras"),
        lambda model, path: copy.deepcopy(model),
        lambda model, path: pickle.loads(pickle.dumps(model)),
        lambda model, path: type(model).from_config(model.get_config()),
        lambda model, path: build({"class": "AAN", **model.get_config()}),
        lambda model, path: kerasalign.adapt(model, "19"),
    ],
    ids=["keras", "deepcopy", "pickle", "config", "build", "adapt"],
)
def test_terms_of_weights_travel_with_the_model(again, tmp_path):
    copied = again(AAN(markup="5", **SMALL).with_origin(RESEARCH), tmp_path)
    assert copied.origin == RESEARCH
    with pytest.raises(ValueError, match="do not allow commercial use"):
        save_preset(copied, tmp_path / "mine", license="MIT", commercial_use=True, training_data=[OWN])


OWN = {"name": "own photos", "terms": "own", "faces": 9}


def test_terms_of_weights_travel_with_their_file(tmp_path):
    tuned = AAN(markup="5", **SMALL).with_origin(RESEARCH)
    file = tmp_path / "tuned.weights.h5"
    tuned.save_weights(file)
    assert read_origin(file) == RESEARCH
    fresh = AAN(markup="5", **SMALL)
    fresh.load_weights(file)
    assert fresh.origin == RESEARCH
    fresh.with_origin(None).save_weights(tmp_path / "unknown.weights.h5")
    tuned.load_weights(tmp_path / "unknown.weights.h5")
    assert tuned.origin is None
    save_preset(AAN(markup="5", **SMALL), tmp_path / "preset", training_data=[OWN])
    loaded = kerasalign.load(tmp_path / "preset", weights=file)
    assert loaded.origin.weights == RESEARCH.weights


FREE = replace(RESEARCH, weights=replace(RESEARCH.weights, license="MIT", commercial_use=True))


def test_weights_that_are_set_or_trained_bring_their_terms(batch, tmp_path):
    free, research = AAN(markup="5", **SMALL).with_origin(FREE), AAN(markup="5", **SMALL).with_origin(RESEARCH)
    assert save_preset(free, tmp_path / "a", license="MIT", commercial_use=True).weights.commercial_use
    free.set_weights(research.get_weights())
    assert free.origin == RESEARCH
    changed = AAN(markup="5", **SMALL).with_origin(FREE)
    trained = AAN(markup="5", **SMALL).with_origin(FREE)
    changed.set_weights([*research.get_weights()])
    trained.compile("sgd", "box_size", run_eagerly=True)
    trained.train_on_batch(*batch)
    for model in (changed, trained, copy.deepcopy(trained)):
        assert model.origin == replace(FREE, changed=True) and model.origin.commercial_use is None
        with pytest.raises(ValueError, match=r"`training_data` must say"):
            save_preset(model, tmp_path / "b", license="MIT", commercial_use=True)
        saved = save_preset(model, tmp_path / "b", license="MIT", commercial_use=True, training_data=[OWN])
        assert saved.weights.commercial_use
    research.set_weights([*free.get_weights()])
    with pytest.raises(ValueError, match="do not allow commercial use"):
        save_preset(research, tmp_path / "c", license="MIT", commercial_use=True, training_data=[OWN])


def test_commercial_use_is_not_granted_to_weights_of_unknown_data(model, tmp_path):
    with pytest.raises(ValueError, match=r"`training_data` must say .* Received: commercial_use=True"):
        save_preset(model.with_origin(None), tmp_path / "mine", license="MIT", commercial_use=True)
    assert save_preset(model, tmp_path / "mine", commercial_use=True, training_data=[OWN]).weights.commercial_use


WRONG = {
    "gray crops": (lambda x, y: (x[..., :1], y), r"\(B, 32, 32, 3\).*\(4, 32, 32, 1\)"),
    "another side": (lambda x, y: (x[:, :16, :16], y), r"\(B, 32, 32, 3\)"),
    "crops in 0..1": (lambda x, y: ((x / 255).astype("float32"), y), "multiply them by 255"),
    "crops in -1..1": (lambda x, y: ((x / 127.5 - 1).astype("float32"), y), "127.5"),
    "flat landmarks": (lambda x, y: (x, y.reshape(4, -1)), r"landmarks \(4, 5, 2\).*\(4, 10\)"),
    "four points": (lambda x, y: (x, y[:, :4]), r"\(4, 4, 2\)"),
    "with visibility": (lambda x, y: (x, np.concatenate([y, y[..., :1]], -1)), r"\(4, 5, 3\)"),
    "fewer targets": (lambda x, y: (x, y[:3]), r"\(3, 5, 2\)"),
    "points in 0..1": (lambda x, y: (x, y / 32), "pixels of the crop, of side 32"),
    "no target": (lambda x, y: (x, None), "y=None"),
}


def test_what_is_wrong_is_said_before_the_first_step_and_spoils_nothing(model, batch):
    model.compile("sgd", "box_size", run_eagerly=True)
    for change, reason in WRONG.values():
        x, y = change(*batch)
        for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
            with pytest.raises(ValueError, match=reason):
                call(x, y)
        with pytest.raises(ValueError, match=reason):
            model.fit(*batch, validation_data=(x, y))
    with pytest.raises(ValueError, match=r"\(B, 32, 32, 3\)"):
        model.predict(batch[0][..., :1])
    with pytest.raises(ValueError, match="multiply them by 255"):
        model.predict_crops(batch[0] / 255)
    history = model.fit(*batch, epochs=1, verbose=0, validation_data=batch)
    assert np.isfinite(history.history["val_loss"][0])


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.x, self.y


@pytest.mark.parametrize("kind", ["data set", "PyDataset", "generator"])
def test_sources_of_batches_are_checked_too(model, batch, kind):
    def source(x, y):
        if kind == "data set":
            return tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
        return Batches(x, y) if kind == "PyDataset" else ((x[i : i + 2], y[i : i + 2]) for i in (0, 2))

    model.compile("sgd", "box_size", run_eagerly=True)
    x, y = batch
    for wrong in ((x[..., :1], y), (x, y[:, :4])):
        with pytest.raises(ValueError, match=r"Received: [xy] of shape"):
            model.fit(source(*wrong), verbose=0)
    expected = model.evaluate(x, y, batch_size=2, verbose=0, return_dict=True)
    # Nothing is lost by looking at the first batch.
    found = model.evaluate(source(x, y), steps=2 if kind == "generator" else None, verbose=0, return_dict=True)
    assert found["nme"] == pytest.approx(expected["nme"], rel=1e-5)


def test_an_undefined_nme_is_nan_and_never_the_best(model, batch, tmp_path):
    model.compile("sgd", "inter_ocular", run_eagerly=True)
    x, y = batch
    y = y.copy()
    y[:, 0] = np.nan
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.weights.h5", "val_nme", save_best_only=True, save_weights_only=True
    )
    stopping = keras.callbacks.EarlyStopping("val_nme", patience=5)
    history = model.fit(x, y, verbose=0, validation_data=(x, y), callbacks=[checkpoint, stopping])
    assert np.isnan(history.history["val_nme"]).all() and not list(tmp_path.iterdir())
    assert stopping.best == np.inf
    model.fit(*batch, verbose=0, validation_data=batch, callbacks=[checkpoint, stopping])
    assert list(tmp_path.iterdir()) and np.isfinite(stopping.best)


def test_a_loaded_network_in_another_precision(model, batch, tmp_path):
    save_preset(model, tmp_path / "mine", training_data=[OWN])
    mixed = kerasalign.load(tmp_path / "mine", dtype="mixed_bfloat16")
    assert mixed.config.dtype == "mixed_bfloat16" and mixed.weights[0].dtype == "float32"
    expected = model.predict_crops(batch[0])["landmarks"]
    np.testing.assert_allclose(mixed.predict_crops(batch[0])["landmarks"], expected, atol=0.5)
    with pytest.raises(ValueError, match="must be one of"):
        kerasalign.load(tmp_path / "mine", dtype="float64")
    with pytest.raises(ValueError, match="runtime='onnxruntime'"):
        kerasalign.load(tmp_path / "mine", dtype="float32", runtime="onnxruntime")


def test_annotations_for_new_points_may_be_in_pixels_of_photos(model):
    """Only their shape counts: crops are cut by the new model's own rule."""
    right = np.stack([model.markup.mean_shape * 20 + 15.5] * 3)
    known = kerasalign.adapt(model, "5", right)
    for scaled in (right * 10 + 400, right / 32):
        assert kerasalign.adapt(model, "5", scaled).config == known.config
