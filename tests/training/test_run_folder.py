"""Runs that are stopped and go on: as if nothing had happened, whatever the moment and the network."""

import json

import keras
import numpy as np
import pytest

from kerasalign.datasets import make_miniature
from kerasalign.models.musica import MuSiCaConfig
from kerasalign.models.musica.recipe import MuSiCaRecipe
from kerasalign.models.sdu.recipe import SDURecipe
from kerasalign.training import RunCard, RunFolder, averaged_weights
from kerasalign.training.run_folder import seed_states
from tests.support.cases import SMALL_SDU
from tests.support.copied_run import CopiedRun

pytestmark = pytest.mark.usefixtures("eagerly")

MUSICA = MuSiCaConfig(markup="68", patches=[8, 30, 36, 45], hidden=8, size=64, box_side=40)
SHORT = {"steps": 4, "steps_per_epoch": 2, "epochs": None, "batch_size": 4, "validation": 2, "schedule": "cosine"}
# Makes pairs at random. Dropout stands in `test_a_state_holds_the_states_of_random_numbers`.
NOISY = SDURecipe(SMALL_SDU, **SHORT)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300w", tmp_path_factory.mktemp("data") / "300w")


def trained(recipe, data, run, **options):
    return recipe.fit(data, run, cache_dir=data.parent / recipe.model.class_name(), verbose=0, **options)


def losses(run):
    return [row["loss"] for row in json.loads((run / "run.json").read_text())["curve"]]


def test_random_numbers_go_on_where_they_stood(data, tmp_path):
    copying = CopiedRun(tmp_path / "straight", tmp_path / "killed")
    straight = trained(NOISY, data, tmp_path / "straight", callbacks=[copying])
    resumed = trained(NOISY, data, tmp_path / "killed")
    np.testing.assert_allclose(losses(tmp_path / "killed"), losses(tmp_path / "straight"), rtol=1e-4)
    for a, b in zip(resumed.get_weights(), straight.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)


def noisy_network():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(4), keras.layers.Dropout(0.5)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    return model


def test_a_state_holds_the_states_of_random_numbers(tmp_path):
    x = np.ones((8, 4), "float32")
    card = RunCard("noisy", {"seed": 0}, {})
    model = noisy_network()
    model.fit(x, x, epochs=2, verbose=0, callbacks=[RunFolder(tmp_path, card, "loss")])
    told = [keras.ops.convert_to_numpy(state) for state in seed_states(model)]
    assert len(told) == 2 and all(state.any() for state in told)
    again = noisy_network()
    assert RunFolder(tmp_path, card, "loss").restore(again) == 2
    for state, wanted in zip(seed_states(again), told):
        np.testing.assert_array_equal(state, wanted)
    state = json.loads((tmp_path / "state.json").read_text())
    del state["seeds"]
    (tmp_path / "state.json").write_text(json.dumps(state))
    (tmp_path / "state.older.json").unlink()
    with pytest.raises(ValueError, match=r"state\.json does not hold the state of a run: \['seeds'\] are missing"):
        RunFolder(tmp_path, card, "loss").restore(noisy_network())


class Counted(keras.Sequential):
    """Counts the networks that are made of its config."""

    made = 0

    @classmethod
    def from_config(cls, config):
        cls.made += 1
        return cls([keras.Input((4,)), keras.layers.Dense(4)])


@pytest.mark.parametrize("average", [False, True])
def test_one_network_saves_every_best_epoch_and_is_the_result(average, tmp_path):
    Counted.made = 0
    model = Counted([keras.Input((4,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.05, use_ema=average, ema_momentum=0.9), "mse")
    folder, x = RunFolder(tmp_path, RunCard("counted", {}, {}), "loss"), np.eye(4, dtype="float32")
    model.fit(x, x, epochs=4, verbose=0, callbacks=[folder])
    assert folder.card.best["epoch"] == 4
    result = folder.finished(model)
    assert Counted.made == 1 and result is not model and not result.compiled
    with averaged_weights(model):
        for file in ("best.weights.h5", "last.weights.h5"):
            result.load_weights(tmp_path / file)
            for a, b in zip(result.get_weights(), model.get_weights()):
                np.testing.assert_array_equal(a, b)


def test_a_kill_after_the_last_state_costs_nothing(data, tmp_path, monkeypatch):
    recipe = MuSiCaRecipe(MUSICA, **SHORT)
    whole = trained(recipe, data, tmp_path / "whole")

    def killed(self, logs=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "on_train_end", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(recipe, data, tmp_path / "run")
    monkeypatch.undo()
    assert not (tmp_path / "run" / "last.weights.h5").exists()
    for model in (trained(recipe, data, tmp_path / "run"), trained(recipe, data, tmp_path / "run")):
        for a, b in zip(model.get_weights(), whole.get_weights()):
            np.testing.assert_allclose(a, b, atol=1e-6)
    assert len(losses(tmp_path / "run")) == 2


def test_last_weights_of_a_training_that_stopped_early_are_not_those_of_the_end(data, tmp_path, monkeypatch):
    recipe = MuSiCaRecipe(MUSICA, **SHORT)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    early = trained(recipe, data, tmp_path, callbacks=[Stop()])
    monkeypatch.setattr(RunFolder, "on_train_end", lambda self, logs=None: None)
    model = trained(recipe, data, tmp_path)
    assert max(np.abs(a - b).max() for a, b in zip(early.get_weights(), model.get_weights())) > 0


def test_settings_may_be_tuples_and_numbers_of_numpy(data, tmp_path):
    model = MUSICA.replace(patches=np.array(MUSICA.patches), success_threshold=np.float32(4.5))
    recipe = MuSiCaRecipe(model, **SHORT | {"learning_rate": np.float32(1e-3), "batch_size": np.int64(4)})
    for _ in range(2):
        trained(recipe, data, tmp_path)
    assert len(losses(tmp_path)) == 2
    settings = json.loads((tmp_path / "run.json").read_text())["settings"]
    assert settings["model"]["patches"] == list(MUSICA.patches) and settings["batch_size"] == 4


def test_a_setting_that_cannot_be_written_is_said_before_training():
    with pytest.raises(ValueError, match=r"A run's settings must be numbers.*Received: object"):
        RunCard("musica", {"model": {"head": object()}}, {})
