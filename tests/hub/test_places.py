"""Weights that no wheel holds: from a folder that the user names, from the checkout, else an error that says how."""

from dataclasses import replace

import pytest

import kerasalign
from kerasalign.hub import (
    Manifest,
    WeightsCorrupted,
    WeightsError,
    WeightsNotPublished,
    default_catalog,
    read_manifest,
    resolve,
    use_catalog,
)
from tests.support.entries import WEIGHTS, weights_entry

NAME = "large-drawn.weights.h5"


@pytest.fixture
def manifest_json(manifest_json):
    """Weights of `large-drawn` are in the checkout's folder, which does not exist yet."""
    manifest_json["presets"]["large-drawn"]["weights"] = weights_entry(source="checkout", file=NAME)
    return manifest_json


@pytest.fixture
def checkout(catalog):
    return catalog.checkout


@pytest.fixture
def named(tmp_path, monkeypatch, catalog):
    """A folder that the user names."""
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("KERASALIGN_WEIGHTS", str(tmp_path / "mine"))
    return tmp_path / "mine"


def put(path, content=WEIGHTS):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_checkout_finds_its_own_folder(checkout):
    path = put(checkout / NAME)
    assert resolve("large-drawn").weights_path() == path


@pytest.mark.parametrize("file", [NAME, "large-drawn/model.weights.h5"])
def test_the_named_folder_comes_first(checkout, named, file):
    put(checkout / NAME)
    path = put(named / file)
    assert resolve("large-drawn").weights_path() == path


def test_a_folder_of_the_catalog_counts_instead_of_the_variable(catalog, named, tmp_path):
    put(named / NAME, b"other")
    path = put(tmp_path / "of the catalog" / NAME)
    with use_catalog(replace(catalog, own=path.parent)):
        assert resolve("large-drawn").weights_path() == path


def test_the_digest_decides(checkout, named):
    put(named / NAME, b"the nombers")
    with pytest.raises(WeightsCorrupted, match=rf"mine/{NAME} is not the file.*Take it from the project's repository"):
        kerasalign.load("large-drawn")


def test_without_a_file_the_error_says_how(catalog):
    with pytest.raises(WeightsNotPublished) as caught:
        kerasalign.load("large-drawn")
    message = str(caught.value)
    assert "'tiny-drawn' is bundled" in message
    for part in (NAME, "not on the Hub", "CC-BY-NC-4.0", "KERASALIGN_WEIGHTS", "weights=FILE"):
        assert part in message


def test_available_is_what_loads_here(checkout):
    assert kerasalign.list_models(available=False) == ["large-drawn", "large-mobile"]
    assert not resolve("large-drawn").available
    put(checkout / NAME)
    assert kerasalign.list_models(available=False) == ["large-mobile"]
    assert resolve("large-drawn").available
    assert kerasalign.list_models(commercial_use=False) == ["tiny-five", "tiny-drawn", "large-drawn"]


def test_a_named_folder_that_is_none(catalog, monkeypatch):
    monkeypatch.setenv("KERASALIGN_WEIGHTS", "nowhere")
    with pytest.raises(WeightsError, match=r"must name a folder\. Received: KERASALIGN_WEIGHTS='nowhere'"):
        kerasalign.load("large-drawn")
    assert resolve("tiny-drawn").weights_path().parent == catalog.bundled


def test_weights_of_the_hub_may_lie_in_the_named_folder(catalog, manifest_json, named, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    pinned = weights_entry(source="hub", repo="user/name", revision="c" * 40, file="model.weights.h5")
    manifest_json["presets"]["large-drawn"]["weights"] = pinned
    path = put(named / "large-drawn" / "model.weights.h5")
    with use_catalog(replace(catalog, manifest=Manifest.from_json(manifest_json), cache=tmp_path / "cache")):
        assert resolve("large-drawn").weights_path() == path


@pytest.mark.parametrize(
    "preset",
    [p for p in read_manifest().presets.values() if p.weights and p.weights.source == "checkout"],
    ids=lambda p: p.name,
)
def test_the_checkout_holds_what_the_manifest_says(preset):
    assert resolve(preset.name).weights_path().parent == default_catalog().checkout
