import json
import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from kerasalign.markups import get_markup, list_markups, unregister_markup
from kerasalign.metrics import NormalizedMeanError, list_normalizers, nme


@pytest.mark.parametrize("normalizer", list_normalizers())
@pytest.mark.parametrize("markup", ["68", "98"])
def test_metric_is_the_mean_nme_over_all_batches(faces, markup, normalizer):
    prediction, target = faces(markup, 7)
    target[2, :10] = np.nan
    metric = NormalizedMeanError(markup, normalizer)
    metric.update_state(target[:4].astype("float32"), prediction[:4].astype("float32"))
    metric.update_state(target[4:].astype("float32"), {"landmarks": prediction[4:].astype("float32")})
    expected = nme(prediction, target, markup, normalizer).mean()
    assert float(metric.result()) == pytest.approx(expected, rel=1e-4)
    metric.reset_state()
    assert np.isnan(float(metric.result()))


def test_faces_without_a_defined_nme_are_skipped(faces):
    prediction, target = faces("68", 4)
    expected = nme(prediction[[1, 3]], target[[1, 3]], "68", "inter_ocular").mean()
    target[0, 36] = np.nan
    target[2] = np.nan
    metric = NormalizedMeanError("68", "inter_ocular")
    metric.update_state(target, prediction)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-4)
    blank = NormalizedMeanError("68", "box_size")
    blank.update_state(target[[2]], prediction[[2]])
    assert np.isnan(float(blank.result()))


def test_sample_weights_weigh_faces(faces):
    prediction, target = faces("68", 3)
    metric = NormalizedMeanError("68", "inter_pupil")
    metric.update_state(target, prediction, sample_weight=[1.0, 0.0, 3.0])
    expected = np.average(nme(prediction, target, "68", "inter_pupil"), weights=[1, 0, 3])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-4)


def test_a_prediction_that_is_not_finite_is_not_hidden(faces):
    prediction, target = faces("68", 3)
    prediction[1, 5] = np.nan
    metric = NormalizedMeanError("68", "inter_ocular")
    metric.update_state(target, prediction)
    assert np.isnan(float(metric.result()))


def test_metric_survives_its_config_and_serves_fit(faces):
    config = keras.saving.serialize_keras_object(NormalizedMeanError("98", "box_size", name="nme_box"))
    metric = keras.saving.deserialize_keras_object(config)
    assert (metric.markup.name, metric.normalizer, metric.name) == ("98", "box_size", "nme_box")
    prediction, target = faces("68", 4)
    model = keras.Sequential([keras.Input((68, 2)), keras.layers.Identity()])
    model.compile(loss="mse", metrics=[NormalizedMeanError("68", "inter_ocular")])
    history = model.evaluate(prediction, target, batch_size=2, verbose=0, return_dict=True)
    expected = nme(prediction, target, "68", "inter_ocular").mean()
    assert history["nme"] == pytest.approx(expected, rel=1e-4)


@pytest.fixture
def own():
    """A markup that is not registered, and is removed if a test registers it."""
    yield replace(get_markup("5"), name="own-5")
    unregister_markup("own-5")


def test_points_of_ones_own_go_with_the_config(own):
    config = json.loads(json.dumps(NormalizedMeanError(own, "box_size").get_config()))
    assert "own-5" not in list_markups()
    metric = NormalizedMeanError.from_config(config)
    assert metric.markup.same_as(own) and metric.get_config() == config
    assert "markup_spec" not in NormalizedMeanError("5", "box_size").get_config()


@pytest.mark.parametrize(("markup", "normalizer"), [("68", "iod"), ("17", "inter_ocular")])
def test_unknown_normalizer_or_markup_is_an_error(markup, normalizer):
    with pytest.raises(ValueError, match="must be one of"):
        NormalizedMeanError(markup, normalizer)


def test_the_numbers_are_the_same_on_jax():
    code = """
import numpy as np
from kerasalign.markups import get_markup
from kerasalign.metrics import NormalizedMeanError, nme
shape = get_markup("68").mean_shape * 100
target = shape + np.random.default_rng(0).normal(0, 1, (4, 68, 2))
prediction = target + np.random.default_rng(1).normal(0, 2, target.shape)
target[1, :9] = np.nan
for name in ("inter_pupil", "box_size"):
    metric = NormalizedMeanError("68", name)
    metric.update_state(target.astype("float32"), prediction.astype("float32"))
    assert abs(float(metric.result()) - nme(prediction, target, "68", name).mean()) < 1e-3, name
"""
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_importing_metrics_and_scoring_does_not_load_keras():
    code = """
import sys
import numpy as np
from kerasalign import metrics
face = np.eye(68, 2)[None] + np.arange(68)[None, :, None]
metrics.evaluate_landmarks(face, face, "300w-common-inter_ocular")
assert not {"keras", "tensorflow", "jax", "torch", "matplotlib"} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
