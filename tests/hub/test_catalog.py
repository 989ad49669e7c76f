"""The catalog in use: the installation's, or another for the length of a block."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import kerasalign
from kerasalign.hub import UnknownPreset, cache_dir, current_catalog, default_catalog, read_manifest, use_catalog

SHIPPED = default_catalog()


def test_the_manifest_is_read_once():
    assert current_catalog() is default_catalog() is SHIPPED and read_manifest() is SHIPPED.manifest


def test_everything_follows_the_catalog(catalog, tmp_path):
    assert current_catalog() is catalog and kerasalign.list_models()[0] == "tiny-five"
    with pytest.raises(UnknownPreset):
        kerasalign.get_recipe(SHIPPED.manifest.default)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_catalog).result() is catalog
    inner = replace(catalog, cache=tmp_path / "cache")
    with pytest.raises(KeyError), use_catalog(inner):
        assert current_catalog() is inner and cache_dir() == tmp_path / "cache"
        raise KeyError
    assert current_catalog() is catalog


def test_the_installation_s_comes_back(manifest_json):
    assert current_catalog() is SHIPPED


def test_an_explicit_cache_counts_instead_of_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    assert SHIPPED.cache_dir() == tmp_path / "home" / "hub"
    assert replace(SHIPPED, cache=tmp_path).cache_dir() == tmp_path
