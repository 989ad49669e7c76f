"""Runs that have no success, meet another run, or find their folder damaged or full."""

import errno
import json
import os
import shutil

import keras
import numpy as np
import pytest

from kerasalign.data.epochs import EpochDataset
from kerasalign.support.files import reserve
from kerasalign.support.locks import Locked, locked
from kerasalign.training import TrainingDiverged, train

STEPS = 3


class Lines(EpochDataset):
    """Batches of a linear function; a NaN in the target of one step."""

    def __init__(self, spoilt=None):
        super().__init__()
        self.spoilt, self._steps = spoilt, STEPS
        self.set_epoch(0)

    def batch(self, epoch, index):
        x = np.random.default_rng([epoch, index]).normal(size=(4, 3)).astype("float32")
        y = x.sum(1, keepdims=True)
        return x, y * np.float32("nan") if (epoch, index) == self.spoilt else y


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def fit(run, epochs=3, rate=0.01, spoilt=None, **options):
    optimizer = keras.optimizers.SGD(rate)
    options = {"watch": "loss", "loss": "mse", "verbose": 0, "settings": {}, "run_eagerly": True} | options
    model = network()
    return train(model, Lines(spoilt), None, run, recipe="lines", optimizer=optimizer, steps=epochs * STEPS, **options)


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """A run of two epochs, as a kill leaves it."""
    run = tmp_path_factory.mktemp("two")
    fit(run, epochs=2)
    return run


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory):
    """The weights of a run that was never stopped."""
    return fit(tmp_path_factory.mktemp("three")).get_weights()


def files(run):
    return sorted(path.name for path in run.iterdir() if not path.name.startswith("run.lock"))


def test_a_loss_of_nan_ends_the_run_and_keeps_the_good_states(tmp_path):
    with pytest.raises(TrainingDiverged, match=r"epoch 3, step 2\. A lower learning rate.*state-1.*state-2") as told:
        fit(tmp_path, spoilt=(2, 1))
    assert str(tmp_path) in str(told.value)
    kept = files(tmp_path)
    assert "state-1.weights.h5" in kept and "state-2.weights.h5" in kept and "last.weights.h5" not in kept
    assert json.loads((tmp_path / "state.json").read_text())["epoch"] == 2
    # The same command, with the target mended, goes on from there.
    assert np.isfinite(fit(tmp_path).get_weights()[0]).all()


def test_a_rate_without_hope_saves_nothing_and_is_an_error(tmp_path):
    with pytest.raises(TrainingDiverged, match=r"epoch 1, step \d\. .*no state was saved before"):
        fit(tmp_path, rate=1e30)
    assert files(tmp_path) == []


def test_weights_that_the_last_step_spoilt_are_not_saved(tmp_path):
    """The loss of a step is computed before its update, so that it can be finite and the weights are not."""

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if (self.epoch, batch) == (1, STEPS - 1):
                self.model.layers[0].bias.assign([np.inf])

    with pytest.raises(TrainingDiverged, match=r"The weight .*bias is no finite number after epoch 2"):
        fit(tmp_path, callbacks=[Spoil()])
    assert json.loads((tmp_path / "state.json").read_text())["epoch"] == 1


@pytest.mark.parametrize("damage", ["truncated", "empty", "other", "gone", "weights cut off", "weights gone"])
def test_a_damaged_state_is_replaced_by_the_older_one(two_epochs, three_epochs, tmp_path, caplog, damage):
    run = shutil.copytree(two_epochs, tmp_path / "run")
    state, weights = run / "state.json", run / "state-2.weights.h5"
    text = state.read_text()
    match damage:
        case "truncated":
            state.write_text(text[: len(text) // 2])
        case "empty":
            state.write_text("")
        case "other":
            state.write_text("[1]")
        case "gone":
            state.unlink()
        case "weights cut off":
            os.truncate(weights, 1000)
        case "weights gone":
            weights.unlink()
    resumed = fit(run).get_weights()
    assert "The older state of epoch 1 is used" in caplog.text
    for a, b in zip(resumed, three_epochs):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_two_damaged_states_are_an_error(two_epochs, tmp_path):
    run = shutil.copytree(two_epochs, tmp_path / "run")
    for name in ("state.json", "state.older.json"):
        (run / name).write_text("{")
    with pytest.raises(ValueError, match=r"The saved states are damaged: .*state\.json.*state\.older\.json"):
        fit(run)


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with locked(tmp_path / "run.lock"), pytest.raises(Locked, match=r"Another training runs.*process \d+ on "):
        fit(tmp_path)
    assert files(tmp_path) == []
    fit(tmp_path, epochs=1)


def test_a_full_disk_at_a_checkpoint_is_a_message_and_keeps_the_state_before(tmp_path, monkeypatch):
    if not hasattr(os, "posix_fallocate"):
        pytest.skip("the space cannot be reserved here")
    allocate, calls = os.posix_fallocate, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > 2:  # a best epoch and its state were written
            raise OSError(errno.ENOSPC, "No space left on device")
        allocate(*arguments)

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"no space for the [\d,]+ bytes of .*what was saved before stays") as told:
        fit(tmp_path)
    assert told.value.errno == errno.ENOSPC
    assert json.loads((tmp_path / "state.json").read_text())["epoch"] == 1
    assert not [name for name in files(tmp_path) if name.startswith(".draft")]
    monkeypatch.undo()
    fit(tmp_path)


def test_space_is_reserved_by_a_limit_of_the_system(tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="There is no space for the 20,000 bytes of the file"):
            reserve(tmp_path / "x", 20_000, "the file")
        reserve(tmp_path / "x", 5_000, "the file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not any(tmp_path.iterdir())


def test_a_draft_of_a_killed_run_is_removed_when_it_starts_again(tmp_path):
    draft = tmp_path / ".draft-abcdef-1-00000000-state-2.weights.h5"
    draft.write_bytes(bytes(1000))
    os.utime(draft, (0, 0))
    fit(tmp_path, epochs=1)
    assert not draft.exists()


def test_weights_with_nan_are_refused(tmp_path):
    from tests.support.cases import MODELS

    model = MODELS["AAN"].make()
    weights = model.get_weights()
    for value in (np.nan, np.inf):
        weights[3].flat[0] = value
        model.set_weights(weights)
        model.save_weights(tmp_path / "spoilt.weights.h5")
        with pytest.raises(ValueError, match=r"The weight .* of the file holds NaN or infinity\. Received: filepath="):
            model.load_weights(tmp_path / "spoilt.weights.h5")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_face_with_a_landmark_that_is_no_number_has_failed(value):
    from kerasalign.inference import Face

    points = np.zeros((5, 2))
    assert not Face(points, [0, 0, 1, 1], "5").failed
    points[2, 1] = value
    assert Face(points, [0, 0, 1, 1], "5").failed
