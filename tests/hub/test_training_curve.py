"""How an entry of weights shows the course of its training: in `info`, on the card and as a picture."""

import io
import json
import sys

import pytest
from PIL import Image

import kerasalign
from kerasalign.hub import Preset, model_card, publish, read_manifest, save_preset
from kerasalign.hub.training_curve import curve_of_run, plot_training, training_curves
from tests.support.entries import architecture, preset_entry, weights_entry
from tests.support.plot_texts import plot_texts

SHIPPED = [name for name, preset in read_manifest().presets.items() if preset.weights]
TRAINING = {
    "recipe": "tiny",
    "run 1": {"steps": 20, "curve": [[10, 9.0], [20, 6.5]]},
    "run 2": {"steps": 5, "curve": [[5, 6.0]]},
}


def preset(training):
    return Preset.from_json("tiny", preset_entry(weights=weights_entry(training=training)))


def test_a_run_keeps_its_steps_and_held_out_errors_and_a_long_one_its_last():
    rows = [{"epoch": i, "step": 10 * i, "loss": 1.0, "nme": 8.0, "val_nme": 9.12345 - i / 100} for i in range(1, 200)]
    assert curve_of_run(rows[:2]) == [[10, 9.113], [20, 9.103]]
    curve = curve_of_run(rows)
    assert len(curve) <= 60 and curve[-1] == [1990, 7.133]
    assert curve_of_run([{"epoch": 1, "step": 10, "loss": 1.0}]) == []


@pytest.mark.parametrize(
    "curve", [3, "steps", [1, 2], [[1, 2], [3]], [[1, "a"]], [[1, float("nan")]], [[1, True]], [[1, 10**400]]]
)
def test_what_is_no_curve_is_left_out(curve):
    assert training_curves({"run 1": {"curve": curve}, "curve": curve, "run 2": {"curve": [[1, 2.0]]}}) == {
        "run 2": [(1, 2.0)]
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_preset_shows_its_training(name):
    weights = read_manifest().presets[name].weights
    curves = training_curves(weights.training)
    assert len(curves) == sum("card" in run for run in weights.training.values() if isinstance(run, dict)) >= 1
    for run, pairs in curves.items():
        assert [step for step, _ in pairs] == sorted({step for step, _ in pairs})
        assert pairs[-1][0] == weights.training[run]["steps"]


def test_the_card_says_it_in_words():
    card = model_card(preset(TRAINING))
    assert "- run 1: NME of held-out faces 9.00 % after 10 steps, 6.50 % after 20, 6.50 % at best" in card
    assert "- run 2: steps 5\n" in card and "[[" not in card and "training.png" not in card
    assert "![Training curve](a.png)" in model_card(preset(TRAINING), plot="a.png")


def test_the_picture_has_a_line_for_each_run(monkeypatch):
    texts, picture = plot_texts(monkeypatch, lambda: plot_training(preset(TRAINING)))
    assert {"run 1", "run 2", "steps", "tiny"} <= set(texts) and picture.size == (900, 540)


def test_a_preset_without_a_curve_has_no_picture():
    with pytest.raises(ValueError, match="Received: preset='tiny'"):
        plot_training(preset({}))


def test_a_published_card_shows_the_curve_of_the_users_own_run(server, tmp_path, monkeypatch, caplog):
    pytest.importorskip("matplotlib")
    model = kerasalign.models.build(architecture("5"))
    terms = {"license": "MIT", "training_data": [{"name": "mine", "terms": "own", "faces": 3}]}
    save_preset(model, tmp_path / "mine", training={"curve": [[1, 9.0], [2, 8.0]]}, **terms)
    done = publish(tmp_path / "mine", "user/mine")
    files = server.commits["user/mine", done.revision]
    assert "![Training curve](training.png)" in files["README.md"].decode()
    assert Image.open(io.BytesIO(files["training.png"])).size == (900, 540)
    # Without matplotlib the preset goes without the picture.
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = publish(tmp_path / "mine", "user/other", dry_run=True)
    assert "training.png" not in done.files and "kerasalign[plots]" in caplog.text


def test_a_run_beside_the_weights_brings_its_curve(tmp_path):
    model = kerasalign.load("musica19-synth", weights=None)
    model.save_weights(tmp_path / "best.weights.h5")
    rows = [{"epoch": 1, "step": 10, "val_nme": 7.0}]
    card = {"recipe": "musica", "settings": {}, "model": model.config.to_json(), "curve": rows}
    (tmp_path / "run.json").write_text(json.dumps(card))
    origin = kerasalign.load("musica19-synth", weights=tmp_path / "best.weights.h5").origin
    assert training_curves(origin.training) == {"run": [(10, 7.0)]}
