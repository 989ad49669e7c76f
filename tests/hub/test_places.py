"""Weights outside this package: in a folder that the user names, in kerasalign-weights, else an error that says how."""

import sys
from dataclasses import replace

import pytest

import kerasalign
from kerasalign.hub import (
    Manifest,
    WeightsCorrupted,
    WeightsError,
    WeightsNotInstalled,
    default_catalog,
    read_manifest,
    resolve,
    use_catalog,
)
from tests.support.entries import WEIGHTS, weights_entry

NAME = "large-drawn.weights.h5"


@pytest.fixture
def manifest_json(manifest_json):
    """Weights of `large-drawn` are in kerasalign-weights, whose folder does not exist yet."""
    manifest_json["presets"]["large-drawn"]["weights"] = weights_entry(source="kerasalign-weights", file=NAME)
    return manifest_json


@pytest.fixture
def package(catalog):
    return catalog.package


@pytest.fixture
def named(tmp_path, monkeypatch, catalog):
    """A folder that the user names."""
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("KERASALIGN_WEIGHTS", str(tmp_path / "mine"))
    return tmp_path / "mine"


def put(path, content=WEIGHTS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_package_s_file_is_taken(package):
    path = put(package / NAME)
    assert resolve("large-drawn").weights_path() == path
    assert resolve("large-drawn").location == str(path)


def test_the_installed_package_is_found(catalog, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "kerasalign_weights", raising=False)
    monkeypatch.syspath_prepend(tmp_path / "site")
    path = put(tmp_path / "site" / "kerasalign_weights" / NAME)
    (path.parent / "__init__.py").touch()
    with use_catalog(replace(catalog, package=None)):
        assert resolve("large-drawn").weights_path() == path


@pytest.mark.parametrize("file", [NAME, "large-drawn/model.weights.h5"])
def test_the_named_folder_comes_first(package, named, file):
    put(package / NAME)
    path = put(named / file)
    assert resolve("large-drawn").weights_path() == path


def test_a_folder_of_the_catalog_counts_instead_of_the_variable(catalog, named, tmp_path):
    put(named / NAME, b"other")
    path = put(tmp_path / "of the catalog" / NAME)
    with use_catalog(replace(catalog, own=path.parent)):
        assert resolve("large-drawn").weights_path() == path


def test_the_digest_decides(package, named):
    put(named / NAME, b"the nombers")
    with pytest.raises(WeightsCorrupted, match=rf"mine/{NAME} is not the file.*--upgrade kerasalign-weights"):
        kerasalign.load("large-drawn")


def test_without_a_file_the_error_says_how(catalog):
    catalog.package.mkdir()  # another version, which does not have the file
    with pytest.raises(WeightsNotInstalled, match=r"package weights, lacks it") as caught:
        kerasalign.load("large-drawn")
    message = str(caught.value)
    assert "'tiny-drawn' is bundled" in message
    for part in (NAME, "pip install kerasalign-weights", "CC-BY-NC-4.0", "KERASALIGN_WEIGHTS", "weights=FILE"):
        assert part in message


def test_available_is_what_loads_here(package):
    assert kerasalign.list_models(available=False) == ["large-drawn", "large-mobile"]
    assert not resolve("large-drawn").available and not resolve("large-drawn").location
    assert "pip install kerasalign-weights" in str(kerasalign.info("large-drawn"))
    put(package / NAME)
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
    [p for p in read_manifest().presets.values() if p.weights and p.weights.source == "kerasalign-weights"],
    ids=lambda p: p.name,
)
def test_a_checkout_holds_what_the_manifest_says(preset):
    assert resolve(preset.name).weights_path().parent == default_catalog().package
