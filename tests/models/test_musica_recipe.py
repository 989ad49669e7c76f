"""Training end to end on drawn faces: progress, run card, interruption, resumption."""

import json

import keras
import numpy as np
import pytest

from kerasalign.data.cache import CropCache
from kerasalign.datasets import make_miniature
from kerasalign.hub import get_recipe
from kerasalign.models.musica import MuSiCaConfig
from kerasalign.models.musica.recipe import MuSiCaRecipe
from kerasalign.training import mean_shape
from kerasalign.training.faces import face_loader

pytestmark = pytest.mark.usefixtures("eagerly")

MODEL = MuSiCaConfig(
    markup="68",
    patches=[8, 30, 36, 45, 48, 54],
    hidden=16,
    size=64,
    box_side=40,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data") / "300w"
    make_miniature("300w", directory)
    return directory


@pytest.fixture(scope="module")
def recipe():
    return MuSiCaRecipe(MODEL, steps=9, steps_per_epoch=3, batch_size=4, validation=2, schedule="cosine")


@pytest.fixture(scope="module")
def run(data, recipe, tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    model = recipe.fit(data, directory, cache_dir=data.parent / "cache", verbose=0)
    return model, directory


def curve(directory):
    return [row["loss"] for row in json.loads((directory / "run.json").read_text())["curve"]]


def test_a_run_leaves_weights_and_a_card(run, recipe, data):
    model, directory = run
    card = json.loads((directory / "run.json").read_text())
    assert [row["epoch"] for row in card["curve"]] == [1, 2, 3]
    assert [row["step"] for row in card["curve"]] == [3, 6, 9]
    assert all(np.isfinite(row["val_nme"]) for row in card["curve"])
    assert card["settings"]["seed"] == 0 and card["settings"]["data_hash"]
    assert card["versions"]["keras"] == keras.__version__
    assert card["best"]["val_nme"] == min(row["val_nme"] for row in card["curve"])
    twin = type(model).from_config(card["model"])
    twin.load_weights(directory / "last.weights.h5")
    for a, b in zip(twin.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert (directory / "best.weights.h5").exists()


def test_last_weights_are_the_averages(run):
    model, directory = run
    trained = type(model).from_config(model.get_config())
    state = json.loads((directory / "state.json").read_text())
    from kerasalign.training import AveragedAdam, averaged_weights

    trained.compile(AveragedAdam(keras.optimizers.schedules.CosineDecay(1e-3, 9)))
    trained.optimizer.build(trained.trainable_variables)
    trained.load_weights(directory / state["file"])
    assert np.abs(trained.get_weights()[0] - model.get_weights()[0]).max() > 0
    with averaged_weights(trained):
        for a, b in zip(trained.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)


class Kill(keras.callbacks.Callback):
    """Stops a run in the middle of its second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 5:
            raise KeyboardInterrupt


def test_a_killed_run_goes_on_as_if_nothing_had_happened(run, recipe, data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        recipe.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0, callbacks=[Kill()])
    assert len(curve(tmp_path)) == 1
    model = recipe.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0)
    np.testing.assert_allclose(curve(tmp_path), curve(run[1]), rtol=1e-4)
    for a, b in zip(model.get_weights(), run[0].get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert sorted(path.name for path in tmp_path.glob("state-*")) == ["state-2.weights.h5", "state-3.weights.h5"]


def test_a_kill_while_the_state_is_written_keeps_the_state_before(recipe, data, tmp_path, monkeypatch):
    save = keras.Model.save_weights

    def torn(self, path, *rest, **options):
        save(self, path, *rest, **options)
        if "state-2" in str(path):
            with path.open("r+b") as stream:
                stream.truncate(100)
            raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save_weights", torn)
    with pytest.raises(KeyboardInterrupt):
        recipe.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0)
    monkeypatch.undo()
    assert json.loads((tmp_path / "state.json").read_text())["epoch"] == 1
    recipe.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0)
    assert len(curve(tmp_path)) == 3


def test_a_finished_run_is_not_trained_again(run, recipe, data):
    model = recipe.fit(data, run[1], cache_dir=data.parent / "cache", verbose=0)
    assert len(curve(run[1])) == 3
    np.testing.assert_array_equal(model.get_weights()[0], run[0].get_weights()[0])


def test_other_settings_need_another_folder(run, recipe, data):
    with pytest.raises(ValueError, match=r"other settings: \['learning_rate'\]"):
        recipe.with_settings(learning_rate=0.5).fit(data, run[1], cache_dir=data.parent / "cache", verbose=0)
    with pytest.raises(ValueError, match="resume=False"):
        recipe.fit(data, run[1], resume=False)


def test_a_damaged_state_is_reported(run, recipe, data, tmp_path):
    state = json.loads((run[1] / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps(state))
    (tmp_path / state["file"]).write_bytes(b"cut")
    with pytest.raises(ValueError, match="missing or damaged"):
        recipe.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0)


def test_mean_shape_is_that_of_the_untouched_crops(run, data, recipe):
    cache = CropCache.open(data.parent / "cache")
    shape = mean_shape(cache, np.arange(len(cache)), 64)
    assert np.abs(np.ptp(shape, axis=0).max() - 40) < 8
    np.testing.assert_allclose((shape.min(0) + shape.max(0)) / 2, 31.5, atol=4)


@pytest.mark.parametrize("balance", ["gdb", "pdb", "none"])
def test_balancing_decides_how_often_a_face_is_drawn(balance, run, data):
    recipe = MuSiCaRecipe(MODEL, balance=balance, batch_size=4)
    cache = CropCache.open(data.parent / "cache")
    faces = np.arange(len(cache))
    loader = face_loader(recipe, cache, faces)
    drawn = np.concatenate([loader.faces(0, i) for i in range(len(loader))])
    share = np.bincount(drawn, minlength=len(cache)) / len(drawn)
    spread = share.max() / share.min()
    assert spread < 1.5 if balance == "none" else spread > 1.2
    with pytest.raises(ValueError, match="Received"):
        MuSiCaRecipe(MODEL, balance="all")


def test_schedules():
    stairs = MuSiCaRecipe(MODEL, steps=24).learning_rate_schedule()
    assert [float(stairs(step)) for step in (0, 14, 15)] == pytest.approx([1e-3, 1e-3, 1e-4])
    cosine = MuSiCaRecipe(MODEL, steps=24, schedule="cosine").learning_rate_schedule()
    assert float(cosine(0)) == pytest.approx(1e-3) and float(cosine(24)) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="Received"):
        MuSiCaRecipe(MODEL, schedule="step")


def test_recipes_come_from_the_manifest():
    recipe = get_recipe("musica19-300w")
    assert isinstance(recipe, MuSiCaRecipe)
    assert recipe.dataset == "300w" and len(recipe.model.patches) == 19
    assert recipe.nme_normalizer == "inter_pupil"
    assert get_recipe("musica-wflw").augment == "musica"
    with pytest.raises(ValueError, match="no recipe"):
        get_recipe("musica-mobile")


def test_epochs_are_passes_over_the_training_faces():
    recipe = MuSiCaRecipe(MODEL, epochs=4, batch_size=10).in_steps(25)
    assert (recipe.steps, recipe.steps_per_epoch) == (12, 3)
    assert recipe.with_settings(steps=7).in_steps(25).steps == 7
    with pytest.raises(ValueError, match="Received: epochs=0"):
        MuSiCaRecipe(MODEL, epochs=0)


def test_a_bfloat16_run_leaves_a_float32_network(data, recipe, tmp_path):
    short = recipe.with_settings(precision="mixed_bfloat16", steps=3)
    model = short.fit(data, tmp_path, cache_dir=data.parent / "cache", verbose=0)
    assert model.dtype_policy.name == model.layers[-1].dtype_policy.name == "float32"
    assert np.isfinite(curve(tmp_path)).all()
    assert json.loads((tmp_path / "run.json").read_text())["model"]["dtype"] == "float32"
    with pytest.raises(ValueError, match="Received: precision='int8'"):
        recipe.with_settings(precision="int8")
