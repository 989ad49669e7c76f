"""Weights that no wheel holds: from a folder that the user names, from the checkout, else an error that says how."""

import json

import pytest

import kerasalign
from kerasalign.hub import WeightsCorrupted, WeightsError, WeightsNotPublished, manifest_path, read_manifest
from tests.support.entries import WEIGHTS, weights_entry

NAME = "large-drawn.weights.h5"


@pytest.fixture
def checkout(hub, manifest_json, tmp_path):
    """The manifest of `hub`, with weights of `large-drawn` in the checkout's folder, which does not exist yet."""
    manifest_json["presets"]["large-drawn"]["weights"] = weights_entry(source="checkout", file=NAME)
    (tmp_path / "weights_manifest.json").write_text(json.dumps(manifest_json))
    return tmp_path / "weights"


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A folder that the user names."""
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("KERASALIGN_WEIGHTS", str(tmp_path / "mine"))
    return tmp_path / "mine"


def put(path, content=WEIGHTS):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return str(path)


def test_a_checkout_finds_its_own_folder(hub, checkout):
    path = put(checkout / NAME)
    model = hub.load("large-drawn")
    assert model.loaded == path and not model.origin.weights.commercial_use


@pytest.mark.parametrize("file", [NAME, "large-drawn/model.weights.h5"])
def test_the_named_folder_comes_first(hub, checkout, named, file):
    put(checkout / NAME)
    path = put(named / file)
    assert hub.load("large-drawn").loaded == path


def test_the_digest_decides(hub, checkout, named):
    put(named / NAME, b"the nombers")
    with pytest.raises(WeightsCorrupted, match=rf"mine/{NAME} is not the file.*Take it from the project's repository"):
        hub.load("large-drawn")


def test_without_a_file_the_error_says_how(hub, checkout):
    with pytest.raises(WeightsNotPublished) as caught:
        hub.load("large-drawn")
    told = str(caught.value)
    assert "'tiny-drawn' is bundled" in told
    for part in (NAME, "not on the Hub", "CC-BY-NC-4.0", "KERASALIGN_WEIGHTS", "weights=FILE"):
        assert part in told


def test_available_is_what_loads_here(hub, checkout):
    assert hub.list_models(available=False) == ["large-drawn", "large-mobile"]
    assert not hub.info("large-drawn")["available"]
    put(checkout / NAME)
    assert hub.list_models(available=False) == ["large-mobile"]
    assert hub.info("large-drawn")["available"]
    assert hub.list_models(commercial_use=False) == ["tiny-five", "tiny-drawn", "large-drawn"]


def test_a_named_folder_that_is_none(hub, checkout, monkeypatch):
    monkeypatch.setenv("KERASALIGN_WEIGHTS", "nowhere")
    with pytest.raises(WeightsError, match=r"must name a folder\. Received: KERASALIGN_WEIGHTS='nowhere'"):
        hub.load("large-drawn")
    assert hub.load("tiny-drawn").loaded


def test_weights_of_the_hub_may_lie_in_the_named_folder(hub, manifest_json, named, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    pinned = weights_entry(source="hub", repo="user/name", revision="c" * 40, file="model.weights.h5")
    manifest_json["presets"]["large-drawn"]["weights"] = pinned
    (tmp_path / "weights_manifest.json").write_text(json.dumps(manifest_json))
    path = put(named / "large-drawn" / "model.weights.h5")
    assert hub.load("large-drawn").loaded == path


def test_a_presets_own_file_keeps_its_terms(hub, checkout, tmp_path):
    published = hub.load("large-drawn", weights=put(tmp_path / "renamed.weights.h5"))
    assert published.origin.weights.licence == "CC-BY-NC-4.0"
    mine = hub.load("large-drawn", weights=put(tmp_path / "mine.weights.h5", b"my numbers!"))
    assert mine.origin.weights is None


@pytest.mark.parametrize(
    "preset",
    [p for p in read_manifest().presets.values() if p.weights and p.weights.source == "checkout"],
    ids=lambda p: p.name,
)
def test_the_checkout_holds_what_the_manifest_says(preset):
    assert kerasalign.hub.find_preset(preset.name).weights_path().parent == manifest_path().parent / "weights"
