"""The meaning of error estimates belongs to a weights file: it is stored with it, and goes where the file goes."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

import kerasalign
from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.hub import Manifest, download, model_card, save_preset
from kerasalign.runtimes import RuntimeModel
from kerasalign.runtimes.metadata import describe
from tests.support.entries import weights_entry

NAME = "tiny-drawn"


@pytest.fixture
def bundled(weights_files):
    return {f"{NAME}.weights.h5": weights_files["68"]}


@pytest.fixture
def manifest_json(manifest_json, bundled):
    (file,) = bundled
    entry = weights_entry(bundled[file], file=file)
    numbers = {"estimates": [2.0, 4.0], "errors": [3.0, 8.0], "failure_threshold": 9.0, "faces": 5, "data": "drawings"}
    manifest_json["presets"] |= {
        NAME: manifest_json["presets"][NAME]
        | {"weights": entry | {"calibration": numbers | {"sha256": entry["sha256"]}}},
        "tiny-five": manifest_json["presets"]["tiny-five"] | {"weights": None},
    }
    return manifest_json


@pytest.fixture
def stored(catalog):
    return catalog.manifest[NAME].weights.calibration


def test_it_is_read_written_and_shown(catalog, stored):
    assert stored == ErrorCalibration((2.0, 4.0), (3.0, 8.0), 9.0, stored.sha256, 5, "drawings")
    preset = catalog.manifest[NAME]
    assert json.loads(json.dumps(preset.to_json()))["weights"]["calibration"]["failure_threshold"] == 9.0
    assert "above 9 %" in model_card(preset) and "failed above 9 %" in str(kerasalign.info(NAME))


def test_one_of_other_weights_is_refused(manifest_json):
    manifest_json["presets"][NAME]["weights"]["calibration"]["sha256"] = "b" * 64
    with pytest.raises(ValueError, match=rf"{NAME}.*measured on other weights.*calibration of bbb"):
        Manifest.from_json(manifest_json)


def test_a_loaded_model_has_it_until_its_weights_change(catalog, stored, tmp_path):
    model = kerasalign.load(NAME)
    assert model.error_calibration == stored
    assert model.with_thresholds(success=4.0).error_calibration == stored
    assert kerasalign.load(NAME, weights=None).error_calibration is None
    model.save_weights(tmp_path / "same.weights.h5")
    model.load_weights(tmp_path / "same.weights.h5")
    assert model.error_calibration is None
    model = kerasalign.load(NAME)
    model.compile("sgd", run_eagerly=True)
    assert model.error_calibration == stored
    model.fit(np.zeros((1, 48, 48, 3), "uint8"), np.tile(model.mean_shape, (1, 1, 1)), verbose=0)
    assert model.error_calibration is None and model.with_thresholds(None).error_calibration is None


def test_folders_keep_it(catalog, stored, tmp_path):
    assert download(NAME, tmp_path / "copy").weights.calibration == stored
    saved = save_preset(kerasalign.load(NAME), tmp_path / "saved").weights
    assert saved.calibration == replace(stored, sha256=saved.sha256) and saved.sha256 != stored.sha256
    assert kerasalign.load(tmp_path / "saved").error_calibration == saved.calibration


def test_exported_files_say_it(catalog, stored):
    metadata = describe(kerasalign.load(NAME), ["landmarks"], quantize="none", input_dtype="uint8")
    assert RuntimeModel(metadata, "a file").error_calibration == stored
    assert RuntimeModel(metadata | {"error_calibration": ""}, "a file").error_calibration is None


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_a_cached_file_of_another_runtime_takes_the_manifest_s(catalog, stored, tmp_path, monkeypatch, runtime):
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    model = kerasalign.load(NAME, runtime=runtime)
    assert model.error_calibration == stored
    photo = np.full((90, 80, 3), 128, "uint8")
    (face,) = model.align(photo, boxes=[[20, 20, 60, 60]])
    size = model.crop_spec.size
    crop, _ = model.crop_spec.extract(photo, np.array([20.0, 20.0, 60.0, 60.0]))
    raw = model.predict_crops(crop.reshape(1, size, size, 3))["error"][0]
    assert face.error == pytest.approx(stored.calibrate(raw)) and face.failed == (face.error > 9.0)
    assert asdict(stored)["sha256"] == stored.sha256
