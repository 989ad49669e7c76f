"""Twenty steps of a run that goes on with two devices, which share each batch, are those of one device."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasalign.training import training_devices


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_train_as_one(backend, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.support.several_devices", str(tmp_path)],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    one, two = found["runs"]["one"], found["runs"]["then two"]
    assert np.isfinite(one["curve"]).all() and one["curve"][1][0] < one["curve"][0][0]
    np.testing.assert_allclose(two["curve"], one["curve"], rtol=1e-3)
    assert two["landmarks"] == [3, 68, 2]
    if backend == "tensorflow":
        alone, shared = found["own"]
        assert alone[2] > 0
        np.testing.assert_allclose(shared, alone, rtol=1e-3)
    *collective, shares, too_many, word, other = found["refused"]
    assert len(collective) == (backend == "tensorflow") and all("ReductionToOneDevice" in text for text in collective)
    assert "`batch_size` must be a multiple of the 2 devices" in shares
    assert "a number from 1 to 2" in too_many and "Received: distribution=3" in too_many
    assert "Received: distribution='both'" in word
    assert ("tf.distribute.MirroredStrategy" if backend == "tensorflow" else "DataParallel") in other


def test_one_device_needs_nothing(monkeypatch):
    assert training_devices(None, 7).count == 1
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="needs TensorFlow or JAX: set KERAS_BACKEND"):
        training_devices("all", 4)
