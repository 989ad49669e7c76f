"""The manifest is checked when it is read, and the one we ship is true."""

import json
import re
from pathlib import Path

import pytest

from kerasalign.hub import Manifest, Preset, UnknownPreset, manifest_path, read_manifest
from kerasalign.markups import get_markup
from kerasalign.metrics import get_protocol

TOP = Path(__file__).resolve().parents[2]
SHIPPED = read_manifest()


def test_reads_every_field(manifest_json):
    manifest = Manifest.from_json(manifest_json)
    preset = manifest["tiny-drawn"]
    assert (preset.name, preset.markup, preset.available) == ("tiny-drawn", "68", True)
    assert preset.weights.training_data[0].faces == 3
    assert preset.paper_results[0].nme == 5.0
    assert not manifest["large-drawn"].available


def test_unknown_name_tells_the_nearest(manifest_json):
    manifest = Manifest.from_json(manifest_json)
    with pytest.raises(UnknownPreset, match=r"tiny-drawn.*Received: name='tiny-drwn'"):
        manifest["tiny-drwn"]
    with pytest.raises(ValueError, match=r"Known are .*tiny-five"):
        manifest["qqqq"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("source", "ftp", "source"),
        ("sha256", "abc", "sha256"),
        ("bytes", 0, "bytes"),
        ("bytes", "12", "bytes"),
        ("commercial_use", "no", "commercial_use"),
        ("source", "hub", "repo"),
        ("source", "folder", "publish a folder's"),
        ("file", "tiny.keras", r"ends in \.weights\.h5"),
        ("file", "../tiny.weights.h5", "relative path"),
        ("color", "red", "unknown fields .'color'."),
    ],
)
def test_wrong_weights_are_refused(manifest_json, field, value, message):
    manifest_json["presets"]["tiny-drawn"]["weights"][field] = value
    with pytest.raises(ValueError, match=rf"(?s)tiny-drawn.*{message}|{message}.*tiny-drawn"):
        Manifest.from_json(manifest_json)


def test_weights_of_the_detector_are_bundled(manifest_json):
    assert Manifest.from_json(manifest_json).detector is None
    weights = dict(manifest_json["presets"]["tiny-drawn"]["weights"])
    manifest_json["detector"] = {"weights": weights, "exported": {"detector.onnx": "0" * 64}}
    manifest = Manifest.from_json(manifest_json)
    assert manifest.detector.weights == manifest["tiny-drawn"].weights
    assert manifest.detector.exported == {"detector.onnx": "0" * 64}
    weights["source"] = "kerasalign-weights"
    with pytest.raises(ValueError, match=r"detector are bundled. Received: source='kerasalign-weights'"):
        Manifest.from_json(manifest_json)


def test_hub_weights_need_a_whole_commit(manifest_json):
    weights = manifest_json["presets"]["tiny-drawn"]["weights"]
    weights.update(source="hub", repo="user/name", revision="main")
    with pytest.raises(ValueError, match=r"40-digit commit.*revision='main'"):
        Manifest.from_json(manifest_json)
    weights["revision"] = "a" * 40
    assert Manifest.from_json(manifest_json)["tiny-drawn"].weights.repo == "user/name"


@pytest.mark.parametrize("field", ["paper", "dataset", "architecture", "crop"])
def test_a_missing_field_is_named(manifest_json, field):
    del manifest_json["presets"]["tiny-five"][field]
    with pytest.raises(ValueError, match=f"tiny-five.*missing fields .'{field}'."):
        Manifest.from_json(manifest_json)


@pytest.mark.parametrize("missing", ["command", "file", "box_source"])
def test_a_measured_number_says_how_it_was_made(manifest_json, missing):
    number = {"protocol": "p", "nme": 5.0, "box_source": "landmarks", "command": "c", "file": "f"}
    del number[missing]
    manifest_json["presets"]["tiny-drawn"]["measured"] = [number]
    with pytest.raises(ValueError, match="measured number needs"):
        Manifest.from_json(manifest_json)


@pytest.mark.parametrize("nme", [0, 101, -1])
def test_nme_is_in_percent(manifest_json, nme):
    manifest_json["presets"]["tiny-drawn"]["paper_results"][0]["nme"] = nme
    with pytest.raises(ValueError, match="percent"):
        Manifest.from_json(manifest_json)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"version": 2}', '{"version": 1, "default": "x"}'])
def test_a_broken_file_is_named(tmp_path, broken):
    path = tmp_path / "broken.json"
    path.write_text(broken)
    with pytest.raises(ValueError, match=r"broken\.json"):
        Manifest.read(path)


def test_shipped_manifest_is_the_one_at_the_top_level():
    assert manifest_path() == TOP / "weights_manifest.json"
    assert SHIPPED.default in SHIPPED.presets


def test_shipped_names_follow_the_pattern():
    for name, preset in SHIPPED.presets.items():
        assert name.startswith(preset.architecture["class"].lower())
        assert preset.dataset == "" or name.endswith(f"-{preset.dataset.replace('-', '')}")


def test_a_shipped_preset_that_cannot_be_trained_says_why():
    untrainable = [preset for preset in SHIPPED.presets.values() if not preset.trainable]
    assert untrainable and all(preset.notes for preset in untrainable)


def test_trainable_is_true_or_false(manifest_json):
    manifest_json["presets"]["tiny-five"]["trainable"] = "tiny-five"
    with pytest.raises(ValueError, match=r"tiny-five.*must be true or false. Received: trainable='tiny-five'"):
        Manifest.from_json(manifest_json)


@pytest.mark.parametrize("name", SHIPPED.presets)
def test_shipped_numbers_name_a_protocol_and_a_file(name):
    preset = SHIPPED[name]
    own = get_markup(preset.markup) if preset.markup else None
    for result in preset.paper_results:
        assert get_protocol(result.protocol).markup == preset.markup
    for result in preset.measured:
        # 98 points are measured as the 68 that they hold.
        assert get_protocol(result.protocol).markup in (own.name, *own.conversions)
        json.loads((TOP / result.file).read_text())


@pytest.mark.parametrize("name", [n for n, preset in SHIPPED.presets.items() if preset.weights])
def test_a_number_in_a_caution_is_a_measured_one(name):
    preset = SHIPPED[name]
    numbers = re.findall(r"([\d.]+) %", preset.weights.caution)
    assert set(numbers) <= {f"{result.nme:.2f}" for result in preset.measured}
    # A preset of a data set that its weights have not seen says so.
    seen = " ".join(data.name for data in preset.weights.training_data).lower()
    assert preset.weights.caution or preset.dataset in seen or preset.dataset == "synth"


def test_an_entry_survives_json(manifest_json):
    for name, preset in {**Manifest.from_json(manifest_json).presets, **SHIPPED.presets}.items():
        assert Preset.from_json(name, json.loads(json.dumps(preset.to_json()))) == preset
