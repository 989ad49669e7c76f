"""Presets as folders: what is saved comes back the same anywhere, and nothing in a folder is ever run."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import h5py
import numpy as np
import pytest

import kerasalign
from kerasalign.hub import (
    UnknownPreset,
    WeightsCorrupted,
    WeightsError,
    default_catalog,
    download,
    save_preset,
    use_catalog,
)
from kerasalign.hub.folder import CARD, ENTRY, MARKUP, WEIGHTS
from kerasalign.markups import Markup, register_markup
from tests.support.arrays import crops
from tests.support.cases import MODELS, set_known_weights

TERMS = {"license": "CC-BY-4.0", "training_data": [{"name": "drawn faces", "terms": "none", "faces": 3}]}
ELSEWHERE = """
import sys
import numpy as np
import kerasalign
crops = np.load(sys.argv[1])
out = {}
for name in sys.argv[3:]:
    model = kerasalign.load(name)
    out |= {f"{name}/{key}": np.asarray(value) for key, value in model(crops).items()}
    out[f"{name}/policy"] = np.array([layer.dtype_policy.name for layer in model.layers])
np.savez(sys.argv[2], **out)
"""


@pytest.fixture(scope="module")
def model():
    five = kerasalign.get_markup("5")
    own = Markup("folder-5", 5, {"face": range(5)}, five.flip, five.eyes, {}, five.mean_shape * [1.1, 0.9])
    model = (
        MODELS["MuSiCa"]
        .make()
        .from_config(
            {
                "markup": register_markup(own).name,
                "patches": [0, 3],
                "hidden": 8,
                "size": 40,
                "box_side": 24,
                "levels": [1, 0],
            }
        )
    )
    set_known_weights(model)
    return model


@pytest.fixture
def folder(model, tmp_path):
    save_preset(model, tmp_path / "mine", **TERMS)
    return tmp_path / "mine"


def change(folder, **weights):
    """Changes fields of the entry's weights."""
    content = json.loads((folder / ENTRY).read_text())
    content["preset"]["weights"].update(weights)
    (folder / ENTRY).write_text(json.dumps(content))


def replace_weights(folder, content):
    (folder / WEIGHTS).write_bytes(content)
    change(folder, sha256=sha256(content).hexdigest(), bytes=len(content))


def test_a_fresh_process_computes_the_same_to_the_bit(model, tmp_path):
    images = crops(2, 40)
    np.save(tmp_path / "crops.npy", images)
    half = type(model).from_config(model.get_config())
    half.set_weights([weight.astype("float16").astype("float32") for weight in model.get_weights()])
    save_preset(model, tmp_path / "full")
    save_preset(model, tmp_path / "half", dtype="float16")
    assert (tmp_path / "half" / WEIGHTS).stat().st_size < (tmp_path / "full" / WEIGHTS).stat().st_size
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, "crops.npy", "out.npz", "./full", "./half"],
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = np.load(tmp_path / "out.npz")
    for name, wanted in (("./full", model), ("./half", half)):
        for key, value in wanted(images).items():
            np.testing.assert_array_equal(found[f"{name}/{key}"], np.asarray(value), err_msg=f"{name} {key}")
        assert set(found[f"{name}/policy"]) == {"float32"}


def test_a_folder_holds_everything(folder, model):
    assert {path.name for path in folder.iterdir()} == {ENTRY, WEIGHTS, MARKUP, CARD}
    told = kerasalign.info(folder)
    assert told["name"] == "mine" and told["paper"] == "musica" and told["markup"] == "folder-5"
    assert told["crop"] == model.crop_spec.get_config()
    assert told["weights"]["sha256"] == sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    card = (folder / CARD).read_text()
    parts = ("CC-BY-4.0", "drawn faces, 3 faces", told["weights"]["sha256"], 'load("./mine")', "| scale |", "limits")
    assert all(part in card for part in parts)


def test_saving_again_replaces(folder, model):
    save_preset(model, folder, name="other", notes="Second thoughts.")
    assert kerasalign.info(folder)["notes"] == "Second thoughts."
    assert kerasalign.load(folder).origin.name == "other"


def test_terms_of_the_preset_it_came_from_go_along(tmp_path):
    tuned = kerasalign.load("musica19-300w")
    preset = save_preset(
        tuned,
        tmp_path / "tuned",
        dtype="float16",
        training={"epochs": 3},
        training_data=TERMS["training_data"],
        notes="Mine.",
    )
    assert preset.weights.base == "musica19-300w" and preset.dataset == "300w"
    assert [data.name for data in preset.weights.training_data][1:] == ["drawn faces"]
    assert preset.weights.license.startswith("research only") and not preset.weights.commercial_use
    card = (tmp_path / "tuned" / CARD).read_text()
    assert "Fine-tuned from `musica19-300w`" in card and "- epochs: 3" in card
    with pytest.raises(ValueError, match="do not allow commercial use"):
        save_preset(tuned, tmp_path / "tuned", commercial_use=True)


@pytest.mark.parametrize(
    "derive",
    [
        lambda model: model.with_thresholds(4.5),
        lambda model: kerasalign.adapt(model, "5"),
    ],
    ids=["thresholds", "points"],
)
def test_terms_go_along_with_what_is_made_of_a_model(tmp_path, derive):
    from kerasalign.runtimes.metadata import describe

    made = derive(kerasalign.load("musica19-300w"))
    with pytest.raises(ValueError, match="do not allow commercial use"):
        save_preset(made, tmp_path / "mine", commercial_use=True)
    assert save_preset(made, tmp_path / "mine", dtype="float16").weights.base == "musica19-300w"
    told = describe(made, [], quantize="none", input_dtype="uint8")
    assert told["preset"] == "musica19-300w" and told["commercial_use"] == "no"


def test_a_folder_of_other_things_is_left_alone(model, tmp_path):
    (tmp_path / "README.md").write_text("My project")
    with pytest.raises(ValueError, match="new, empty or hold a preset"):
        save_preset(model, tmp_path, **TERMS)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["My project"]


def test_a_card_that_was_edited_stays(folder, model, caplog):
    ours = (folder / CARD).read_text()
    save_preset(model, folder, notes="Second thoughts.", **TERMS)
    assert (folder / CARD).read_text() != ours and "was edited" not in caplog.text
    (folder / CARD).write_text("By hand")
    save_preset(model, folder, **TERMS)
    assert (folder / CARD).read_text() == "By hand" and "was edited and stays" in caplog.text


def test_a_wrong_field_leaves_the_preset_that_is_there(folder, model):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = type(model).from_config(model.get_config())
    with pytest.raises(ValueError, match="A preset's fields must be numbers"):
        save_preset(other, folder, training={"optimizer": object()})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    data = {"name": "mine", "terms": "own", "faces": np.int64(800)}
    assert save_preset(other, folder, training_data=[data]).weights.training_data[0].faces == 800
    assert kerasalign.load(folder).origin.weights.training_data[0].faces == 800


def test_weights_of_a_run_carry_its_settings(model, tmp_path):
    from kerasalign.training import save_weights

    named = MODELS["MuSiCa"].make()
    save_weights(named, tmp_path / "best.weights.h5")
    card = {"recipe": "musica", "settings": {"steps": 7}, "model": named.get_config(), "curve": []}
    (tmp_path / "run.json").write_text(json.dumps(card))
    tuned = kerasalign.load("musica19-300w", weights=tmp_path / "best.weights.h5")
    preset = save_preset(tuned, tmp_path / "preset")
    assert preset.weights.training == {"recipe": "musica", "settings": {"steps": 7}}
    assert "- settings: steps 7" in (tmp_path / "preset" / CARD).read_text()
    for content in ("[]", "{", '{"model": 3}'):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(WeightsError, match=r"run\.json"):
            kerasalign.load("musica19-300w", weights=tmp_path / "best.weights.h5")


def test_numbers_that_float16_does_not_hold(model, tmp_path):
    large = type(model).from_config(model.get_config())
    large.set_weights([np.full_like(weight, 70_000) for weight in model.get_weights()])
    with pytest.raises(ValueError, match=r"holds numbers that float16 does not. Received: dtype='float16'"):
        save_preset(large, tmp_path / "half", dtype="float16")
    with pytest.raises(ValueError, match=r"`TrainingData` has the fields .*unknown fields \['face'\]"):
        save_preset(model, tmp_path / "half", training_data=[{"name": "a", "terms": "b", "face": 3}])
    with pytest.raises(ValueError, match="Received: dtype='int8'"):
        save_preset(large, tmp_path / "half", dtype="int8")
    assert not (tmp_path / "half").exists()


def test_a_damaged_folder_is_refused(folder):
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[:-100])
    with pytest.raises(WeightsCorrupted, match=rf"expected {len(whole)} bytes. Copy the folder again"):
        kerasalign.load(folder)
    (folder / WEIGHTS).write_bytes(whole[:-1] + b"?")
    with pytest.raises(WeightsCorrupted, match="sha256"):
        kerasalign.load(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(WeightsCorrupted, match="missing"):
        kerasalign.load(folder)


@pytest.mark.parametrize(
    "file", ["model.keras", "model.pkl", "../mine.weights.h5", "/etc/a.weights.h5", "a/../b.weights.h5"]
)
def test_files_that_could_run_code_or_lead_elsewhere_are_refused(folder, file):
    change(folder, file=file)
    with pytest.raises(ValueError, match=r"ends in .weights.h5. Received: file="):
        kerasalign.load(folder)


def test_a_keras_file_is_refused(model, tmp_path):
    model.save(tmp_path / "model.keras")
    with pytest.raises(WeightsError, match="can hold code"):
        kerasalign.load("musica19-300w", weights=tmp_path / "model.keras")


class Bomb:
    """Goes off when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("bomb",)


def test_nothing_is_unpickled(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_weights(folder, pickle.dumps(Bomb()))
    with pytest.raises(WeightsError, match="does not hold weights"):
        kerasalign.load(folder)
    assert not (tmp_path / "bomb").exists()


def test_a_file_that_reaches_into_another_is_refused(folder, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(10_000))
    path = tmp_path / "outside.h5"
    with h5py.File(folder / WEIGHTS) as old, h5py.File(path, "w") as new:
        old.visititems(lambda name, item: _with_external(new, name, item, tmp_path / "secret"))
    replace_weights(folder, path.read_bytes())
    with pytest.raises(WeightsError, match="does not hold weights"):
        kerasalign.load(folder)


def _with_external(new, name, item, secret):
    if isinstance(item, h5py.Dataset):
        external = [(str(secret), 0, h5py.h5f.UNLIMITED)]
        new.create_dataset(name, item.shape, item.dtype, external=external if item.size < 500 else None)
    else:
        new.require_group(name).attrs.update(item.attrs)


@pytest.mark.parametrize(
    ("change_to", "message"),
    [
        ({"class": "os.system"}, "must be one of"),
        ({"class": "MuSiCa", "command": "rm"}, r"Received: \['command'\]"),
        ({"class": "MuSiCa", "dtype": {"module": "os", "class_name": "system", "config": {}}}, "serialized object"),
    ],
)
def test_an_architecture_is_one_of_ours_and_plain(folder, change_to, message):
    content = json.loads((folder / ENTRY).read_text())
    content["preset"]["architecture"] = change_to
    (folder / ENTRY).write_text(json.dumps(content))
    (folder / MARKUP).unlink()
    with pytest.raises(ValueError, match=message):
        kerasalign.load(folder)


@pytest.mark.parametrize("content", ["", "[]", '{"version": 9}', '{"version": 1, "name": "a", "preset": {}}'])
def test_a_broken_entry_is_named(folder, content):
    (folder / ENTRY).write_text(content)
    with pytest.raises(ValueError, match=r"preset\.json: "):
        kerasalign.load(folder)


def test_a_folder_without_a_preset(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"preset\.json.*Received: '.*nothing'"):
        kerasalign.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="preset"):
        kerasalign.load("./nothing")


def test_a_bare_name_is_a_presets(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    with pytest.raises(UnknownPreset, match=r"Received: name='mine'. A folder of that name holds a preset: './mine'"):
        kerasalign.load("mine")


def test_another_markup_of_the_name(folder):
    spec = json.loads((folder / MARKUP).read_text())
    (folder / MARKUP).write_text(json.dumps(spec | {"flip_pairs": []}))
    with pytest.raises(ValueError, match=r"other points is registered. Received: markup='folder-5'"):
        kerasalign.load(folder)


def test_download_of_a_bundled_preset_needs_nothing_else(tmp_path):
    preset = download("musica19-synth", tmp_path / "air gap")
    with use_catalog(replace(default_catalog(), bundled=tmp_path / "gone")):
        a, b = kerasalign.load(tmp_path / "air gap"), kerasalign.load("musica19-synth", weights=None)
    assert preset.weights.source == "folder"
    assert a.config == b.config
    assert [shape.shape for shape in a.get_weights()] == [shape.shape for shape in b.get_weights()]
    again = download(str(tmp_path / "air gap"), tmp_path / "further")
    assert replace(again, notes="") == replace(preset, notes="")


def test_download_does_not_write_among_other_things(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="new, empty or hold a preset"):
        download("musica19-synth", tmp_path)
