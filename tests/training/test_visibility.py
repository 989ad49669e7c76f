"""The head that says which points are visible: learned from labels, calibrated, and nothing else moves."""

import json

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

import kerasalign
from kerasalign.data.occluders import cover_faces
from kerasalign.datasets import read_dataset
from kerasalign.datasets.miniature import make_miniature
from kerasalign.hub import save_preset
from kerasalign.runtimes import compare, export_model, open_runtime
from kerasalign.training import fit_visibility, visibility_scores, with_visibility
from kerasalign.training.visibility import moved, platt_scaling
from tests.support.arrays import crops, noise
from tests.support.cases import MODELS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Drawn faces; in front of every other one is a white board that hides all of it."""
    folder = make_miniature("synth", tmp_path_factory.mktemp("renders"), faces=24)
    for sample in list(read_dataset("synth", folder, "train"))[::2]:
        labels = sample.image.with_suffix(".npz")
        with np.load(labels) as data:
            changed = dict(data) | {"visible_68": np.zeros(68, bool)}
        np.savez(labels, **changed)
        height, width, _ = sample.read_image().shape
        Image.new("RGB", (width, height), (250, 250, 250)).save(sample.image)
    return folder


@pytest.fixture(scope="module")
def renders(folder):
    return list(read_dataset("synth", folder, "train"))


@pytest.fixture(scope="module", params=["LWBAFA", "SDU"])
def plain(request):
    config = MODELS[request.param].make().config.replace(visibility=False, markup="68")
    keras.utils.set_random_seed(0)
    return config.build()


@pytest.fixture(scope="module")
def fit(plain, renders):
    return fit_visibility(plain, renders, held_out=0.4, copies=1, epochs=60, learning_rate=0.02, progress=False)


def test_the_head_learns_what_is_visible(fit, renders):
    assert fit.faces == 15 and set(fit.scores) == {"plain", "covered"}
    assert fit.scores["plain"]["after"].auc > 0.8
    # Slope and offset change no order, and take the calibration on.
    assert fit.scores["plain"]["before"].auc == pytest.approx(fit.scores["plain"]["after"].auc, abs=1e-3)
    scores = visibility_scores(fit.model, renders, fit.slope, fit.offset, progress=False)
    assert scores["plain"]["after"].auc > 0.8 and scores["plain"]["after"].count == 24 * 68


def test_landmarks_and_all_other_weights_stay(fit, plain):
    images = crops(3, plain.crop_spec.size)
    before, after = plain.predict_crops(images), fit.model.predict_crops(images)
    np.testing.assert_array_equal(after["landmarks"], before["landmarks"])
    assert after["confidence"].shape == (3, 68) and ((after["confidence"] >= 0) & (after["confidence"] <= 1)).all()
    kept = [w for w in fit.model.weights if not w.path.startswith("visibility/")]
    for weight, old in zip(kept, plain.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), np.asarray(old))
    assert plain.config.visibility is False and fit.model.config == plain.config.replace(visibility=True)


def test_size_of_the_head(fit, plain):
    head = fit.model.get_layer("visibility")
    channels, units = head.input.shape[-1], head.units
    own = channels * units + 68 * units + units + 68
    assert fit.model.count_params() - plain.count_params() == own == head.count_params()
    # `fit` has no labels for it.
    assert not head.trainable_weights and len(fit.model.trainable_weights) == len(plain.trainable_weights)


def test_it_comes_back_from_a_folder_and_from_other_runtimes(fit, tmp_path):
    save_preset(fit.model, tmp_path / "mine")
    again, images = kerasalign.load(tmp_path / "mine"), crops(2, fit.model.crop_spec.size)
    wanted = fit.model.predict_crops(images)
    np.testing.assert_allclose(again.predict_crops(images)["confidence"], wanted["confidence"], atol=1e-5)
    for name in ("model.onnx", "model.tflite"):
        export_model(fit.model, tmp_path / name, "onnx" if name.endswith("onnx") else "litert")
        runtime = open_runtime(tmp_path / name)
        found = runtime.predict_crops(images)
        assert compare(wanted, found).max_error < 0.01
        np.testing.assert_allclose(found["confidence"], wanted["confidence"], atol=1e-3)
    photo = np.full((90, 90, 3), 99, "uint8")
    (face,) = runtime.align(photo, boxes=[[20, 20, 70, 70]])
    assert np.isfinite(face.confidence).all()


def test_other_points_take_the_head_along(fit):
    other = kerasalign.adapt(fit.model, "19")
    assert other.predict_crops(crops(1, other.crop_spec.size))["confidence"].shape == (1, 19)
    assert not [path for path in other.adaptation.new if path.startswith("visibility/")]


def test_what_cannot_be_taught():
    with pytest.raises(ValueError, match="Received: MuSiCa"):
        with_visibility(MODELS["MuSiCa"].make())


def test_faces_without_visibility_are_refused(plain, renders):
    from dataclasses import replace

    with pytest.raises(ValueError, match="1 of them without visibility"):
        fit_visibility(plain, [*renders[:3], replace(renders[3], visibility=None)])


def test_platt_scaling_finds_the_distortion():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    truth = rng.random(20_000) < expit(logits)
    slope, offset = platt_scaling(expit(2 * logits + 1), truth)
    # The fit undoes what was done to the logits.
    assert slope == pytest.approx(0.5, abs=0.03) and offset == pytest.approx(-0.5, abs=0.05)
    np.testing.assert_allclose(moved(expit(2 * logits + 1), 0.5, -0.5), expit(logits), atol=1e-3)


def test_covers_hide_the_points_that_they_say():
    images, landmarks = np.full((8, 64, 64, 3), 128, "uint8"), noise(8, 5, 2, low=10, high=54)
    images[:, ::2] = 0
    covered_images, covered = cover_faces(images, landmarks, seed=3)
    assert 0 < covered.mean() < 1
    changed = (covered_images != images).any(-1)
    column, row = np.rint(landmarks).astype(int).transpose(2, 0, 1)
    assert changed[np.arange(8)[:, None], row, column][covered].mean() > 0.9
    again = cover_faces(images, landmarks, seed=3)
    np.testing.assert_array_equal(again[0], covered_images)
    assert (cover_faces(images, landmarks, seed=4)[1] != covered).any()


def test_the_command_writes_a_preset_that_loads(folder, plain, tmp_path):
    from typer.testing import CliRunner

    from kerasalign.cli.main import app

    save_preset(plain, tmp_path / "plain", license="own")
    options = ("--renders", str(folder), "--out", str(tmp_path / "taught"), "--epochs", "2", "--json")
    done = CliRunner().invoke(app, ["confidence", str(tmp_path / "plain"), *options])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["held_out"]) == {"plain", "covered"}
    taught = kerasalign.load(tmp_path / "taught")
    assert taught.config.visibility and taught.origin.weights.base == "plain"
