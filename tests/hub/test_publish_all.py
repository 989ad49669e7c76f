"""Every preset of the shipped manifest goes to the Hub, and loads from there once its entry is pasted."""

import json
from dataclasses import replace

import pytest

import kerasalign
from kerasalign.hub import Manifest, default_catalog, publish_all, resolve, use_catalog
from kerasalign.hub.folder import CARD
from kerasalign.hub.publish_all import to_paste

SHIPPED = default_catalog()
NAMES = [name for name, preset in SHIPPED.manifest.presets.items() if preset.available]


@pytest.fixture(scope="module")
def content():
    return json.loads((SHIPPED.package.parents[1] / "weights_manifest.json").read_text("utf-8"))


def test_every_preset_is_published_and_loads_from_the_hub(server, tmp_path, content):
    done = publish_all("owner", folder=tmp_path / "kept", message="First")
    assert [one.name for one in done] == NAMES and server.messages == ["First"] * len(NAMES)
    assert {path.name for path in (tmp_path / "kept").iterdir()} == set(NAMES)
    entries = json.loads(to_paste(done))
    manifest = Manifest.from_json(content | {"presets": content["presets"] | entries})
    # Neither the bundled files nor those of kerasalign-weights.
    nowhere = replace(SHIPPED, manifest=manifest, bundled=tmp_path / "no", package=tmp_path / "none")
    for name in NAMES:
        published = SHIPPED.manifest[name].weights
        with use_catalog(nowhere):
            found = resolve(name)
            assert found.location == f"hf://owner/{name}@{server.heads['owner/' + name]}"
            model = kerasalign.load(name)
            assert SHIPPED.cache_dir() in found.weights_path().parents
        assert model.origin.weights.sha256 == published.sha256 and model.origin.weights.license == published.license
        card = server.commits["owner/" + name, found.preset.weights.revision][CARD].decode()
        assert f'load("hf://owner/{name}")' in card and published.license in card


def test_a_dry_run_makes_everything_and_asks_no_network(server):
    done = publish_all("owner", dry_run=True)
    assert [one.repo for one in done] == [f"owner/{name}" for name in NAMES]
    for one in done:
        weights = SHIPPED.manifest[one.name].weights
        assert one.files["model.weights.h5"] == weights.bytes and one.entry["weights"]["sha256"] == weights.sha256
    assert not server.requests


def test_what_is_on_the_hub_already_stays(server, content, monkeypatch):
    pinned = {"source": "hub", "repo": "a/b", "revision": "c" * 40}
    entry = content["presets"][NAMES[0]]
    presets = content["presets"] | {NAMES[0]: entry | {"weights": entry["weights"] | pinned}}
    with use_catalog(replace(SHIPPED, manifest=Manifest.from_json(content | {"presets": presets}))):
        assert [one.name for one in publish_all("owner", dry_run=True)] == NAMES[1:]


def test_a_wrong_owner_is_refused_before_any_upload(server):
    with pytest.raises(ValueError, match="`repo` must be 'user/name'"):
        publish_all("no/body")
    assert not server.requests
