"""Knowing when to quit."""

import numpy as np
import pytest

from kerasalign.core.compiled import bucket
from kerasalign.models import MuSiCa
from kerasalign.models.musica import early_exit
from kerasalign.models.musica.exit_rule import check_threshold, exit_rule, failed
from kerasalign.models.musica.select import SelectIteration
from tests.support.arrays import crops
from tests.support.cases import PATCHES_19, set_known_weights


def test_exit_rule_example():
    error = np.array([[2.0, 1.8, 1.7], [3.0, 2.3, 2.2], [5.0, 4.0, 3.5], [2.39, 3.0, 3.0]], "float32")
    landmarks = np.tile(np.arange(3.0, dtype="float32")[None, :, None, None], (4, 1, 2, 2))
    out = SelectIteration(2.4, 3.4)(landmarks, error / 100)
    assert np.asarray(out["iterations"]).tolist() == [1, 2, 3, 1]
    assert np.asarray(out["landmarks"])[:, 0, 0].tolist() == [0, 1, 2, 0]
    np.testing.assert_allclose(np.asarray(out["error"]), [2.0, 2.3, 3.5, 2.39], rtol=1e-6)
    assert np.asarray(out["failed"]).tolist() == [False, False, True, False]


@pytest.mark.parametrize("failure", [None, 4.0])
@pytest.mark.parametrize("success", [None, 0.5, 3.0, 9.0])
def test_the_rule_in_numpy_is_that_of_the_layer(success, failure):
    estimates = np.random.default_rng(0).uniform(1, 8, (60, 4)).astype("float32")
    estimates[0] = 3.0  # exactly the threshold
    landmarks = np.random.default_rng(1).normal(size=(60, 4, 5, 2)).astype("float32")
    out = SelectIteration(success, failure)(landmarks, estimates / 100)
    estimates = np.asarray(out["cascade_error"])  # what the layer compares, after its rounding
    found = exit_rule(estimates, success)
    np.testing.assert_array_equal(found + 1, out["iterations"])
    np.testing.assert_array_equal(landmarks[np.arange(60), found], out["landmarks"])
    quit_with = estimates[np.arange(60), found]
    np.testing.assert_array_equal(failed(quit_with, found == 3, failure), out["failed"])
    if success == 3.0:
        assert set(found) == {0, 1, 2, 3}


def test_a_threshold_is_positive():
    with pytest.raises(ValueError, match=r"`failure` must be a positive percentage or None. Received: failure=0"):
        check_threshold("failure", 0)


def test_the_threshold_is_strict():
    out = SelectIteration(2.0)(np.zeros((1, 2, 1, 2), "float32"), np.array([[0.02, 0.01]], "float32"))
    assert np.asarray(out["iterations"]).tolist() == [2]


def with_thresholds(success, failure=None):
    model = MuSiCa(
        markup="68",
        patches=PATCHES_19,
        hidden=32,
        size=64,
        box_side=40,
        success_threshold=success,
        failure_threshold=failure,
    )
    set_known_weights(model)
    for iteration in model.cascade:
        kernel, bias = iteration.regress.get_weights()
        kernel[:, -1] *= 20
        bias[-1] = 0.5
        iteration.regress.set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def images():
    return crops(23, 64, seed=3)


@pytest.fixture(scope="module")
def model():
    # Its first estimates of the pictures are 41.919 to 41.93, the last ones 45.7.
    return with_thresholds(41.924, failure=45.0)


@pytest.fixture(scope="module")
def cascade(images, model):
    return model.predict_crops(images, early_exit=False)


@pytest.fixture(scope="module")
def estimates(cascade):
    return cascade["cascade_error"]


@pytest.fixture
def at_threshold(model, monkeypatch):
    """The model with both thresholds moved: the networks of its iterations do not depend on them."""

    def move(threshold):
        for name in ("success_threshold", "failure_threshold"):
            monkeypatch.setattr(model.select, name, threshold)
        return model

    return move


def test_the_full_masked_run_selects_by_its_thresholds(cascade):
    done = cascade["cascade_error"][:, 0] < np.float32(41.924)
    assert 0 < done.sum() < len(done)
    np.testing.assert_array_equal(cascade["iterations"], np.where(done, 1, 3))
    np.testing.assert_array_equal(cascade["failed"], ~done)
    last = np.where(done[:, None, None], cascade["cascade_landmarks"][:, 0], cascade["cascade_landmarks"][:, 2])
    np.testing.assert_array_equal(cascade["landmarks"], last)


@pytest.mark.parametrize("quantile", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("batch_size", [64, 7])
def test_leaving_early_gives_what_the_full_masked_run_selects(images, cascade, at_threshold, quantile, batch_size):
    model = at_threshold(float(np.quantile(cascade["cascade_error"], quantile)) + 1e-4)
    early = model.predict_crops(images, batch_size=batch_size)
    full = model.select(cascade["cascade_landmarks"], cascade["cascade_error"] / 100)
    full = {key: np.asarray(value) for key, value in full.items()}
    for key in ("landmarks", "error"):
        np.testing.assert_allclose(early[key], full[key], atol=1e-4)
    for key in ("iterations", "failed"):
        np.testing.assert_array_equal(early[key], full[key])


def test_finished_faces_are_not_computed_again(images, estimates, monkeypatch):
    threshold = float(np.quantile(estimates[:, 0], 0.5))
    model = with_thresholds(threshold)
    rows = []
    monkeypatch.setattr(early_exit, "compiled", counting(rows))
    out = model.predict_crops(images)
    left = [int((out["iterations"] > i).sum()) for i in (1, 2)]
    assert 0 < left[0] < len(images)
    assert rows == [bucket(count, 64) for count in (len(images), *left) if count]


def counting(rows):
    def compiled(stage):
        def run(inputs):
            # The last input of a later iteration lists the faces that go on.
            rows.append(len(inputs[-1] if isinstance(inputs, list) else inputs))
            return stage(inputs, training=False)

        return run

    return compiled


def test_no_faces(images, model):
    out = model.predict_crops(images[:0])
    assert out["landmarks"].shape == (0, 68, 2) and len(out["iterations"]) == 0
    assert set(model.predict_crops(images[:2], outputs=("landmarks", "attention"))) == {"landmarks"}
