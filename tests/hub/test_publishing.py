"""A preset goes to the Hub by the real client, comes back pinned, and is listed and removed in the cache."""

import json
import logging
from dataclasses import replace

import pytest
from huggingface_hub import hf_hub_download

import kerasalign
from kerasalign.hub import (
    DownloadFailed,
    Manifest,
    Preset,
    WeightsCorrupted,
    WeightsError,
    cache_dir,
    cached,
    publish,
    remove_cached,
    resolve,
    use_catalog,
)
from kerasalign.hub.folder import CARD, ENTRY
from kerasalign.markups import get_markup, save_markup
from tests.support.entries import WEIGHTS, architecture, weights_entry

FILES = {"preset.json", "model.weights.h5", "README.md", "markup.json"}


def write_preset(folder, content):
    """A preset's folder with these weights, which nothing here but `load` opens."""
    entry = {
        "paper": "tiny",
        "dataset": "drawn",
        "architecture": architecture("5"),
        "crop": {"size": 48, "scale": 1.5},
        "weights": weights_entry(content, file="model.weights.h5", source="folder"),
    }
    folder.mkdir()
    (folder / "model.weights.h5").write_bytes(content)
    (folder / ENTRY).write_text(json.dumps({"version": 1, "name": "mine", "preset": entry}))
    save_markup(get_markup("5"), folder / "markup.json")
    (folder / "notes to myself.txt").write_text("not for anyone")
    return folder


@pytest.fixture
def folder(catalog, tmp_path):
    return write_preset(tmp_path / "mine", WEIGHTS)


def test_publish_then_load_what_was_published(server, tmp_path, weights_files):
    content = weights_files["5"]
    done = publish(write_preset(tmp_path / "mine", content), "user/name", message="First")
    assert set(done.files) == FILES and done.files["model.weights.h5"] == len(content)
    assert server.messages == ["First"]
    uploaded = server.commits["user/name", done.revision]
    assert set(uploaded) == FILES | {".gitattributes"} and uploaded["model.weights.h5"] == content
    assert 'load("hf://user/name")' in uploaded["README.md"].decode()
    address = f"hf://user/name@{done.revision}"
    model = kerasalign.load(address)
    assert model.origin.name == address and model.origin.weights.repo == "user/name"
    assert resolve(address).weights_path().read_bytes() == content


def test_the_entry_is_one_of_the_manifest(folder, server, catalog, manifest_json):
    done = publish(folder, "user/name")
    pasted = json.loads(done.to_paste())
    preset = Preset.from_json("mine", pasted["mine"])
    assert (preset.weights.source, preset.weights.repo, preset.weights.revision) == ("hub", "user/name", done.revision)
    manifest_json["presets"] |= pasted
    with use_catalog(replace(catalog, manifest=Manifest.from_json(manifest_json))):
        assert cache_dir() in resolve("mine").weights_path().parents
        assert cached()[0].presets == ("mine",)


def test_publishing_again_is_a_new_commit(folder, server):
    first = publish(folder, "user/name").revision
    (folder / CARD).write_text("---\nlicense: other\n---\nWritten by hand.\n")
    second = publish(folder, "user/name").revision
    assert first != second
    assert b"Written by hand" in server.commits["user/name", second][CARD]
    assert b"Written by hand" not in server.commits["user/name", first][CARD]


def test_a_dry_run_asks_no_network(folder, server):
    done = publish(folder, "user/name", dry_run=True)
    assert set(done.files) == FILES and done.revision is None and done.entry["weights"]["repo"] == "user/name"
    assert not server.requests


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"license": "not stated"}, r"`license` and `training_data`.*Received: license='not stated'"),
        ({"training_data": []}, r"training_data=\[\]"),
    ],
)
def test_who_publishes_states_the_terms(folder, server, changes, message):
    content = json.loads((folder / ENTRY).read_text())
    content["preset"]["weights"] |= changes
    (folder / ENTRY).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        publish(folder, "user/name", dry_run=True)


@pytest.mark.parametrize("repo", ["name", "a/b/c", "user/na me", "user/"])
def test_a_wrong_repository(folder, server, repo):
    with pytest.raises(ValueError, match="`repo` must be 'user/name'"):
        publish(folder, repo)


def test_damaged_weights_do_not_go(folder, server):
    (folder / "model.weights.h5").write_bytes(b"the nombers")
    with pytest.raises(WeightsCorrupted, match="sha256"):
        publish(folder, "user/name")
    assert not server.requests


@pytest.mark.parametrize(
    ("request_line", "fault", "message"),
    [
        ("POST /api/repos/create", {"status": 401}, "hf auth login"),
        ("POST /api/models/user/name/preupload", {"status": 403}, "HTTP 403"),
        ("POST /user/name.git/info/lfs", {"status": 500}, "Try again later"),
        ("POST /api/models/user/name/commit", {"status": 503}, "Try again later"),
    ],
)
def test_a_hub_that_refuses(folder, server, request_line, fault, message):
    server.faults[request_line] = fault
    with pytest.raises(WeightsError, match=rf"Could not publish .* to user/name. .*{message}"):
        publish(folder, "user/name")


def test_an_upload_that_arrives_as_something_else(folder, server, monkeypatch):
    real = server.add
    monkeypatch.setattr(server, "add", lambda repo, files: real(repo, files | {"model.weights.h5": b"the nombers"}))
    with pytest.raises(WeightsError, match=r"has sha256 .*, expected .*Publish again"):
        publish(folder, "user/name")


def test_nothing_pins_a_branch(folder, server, caplog):
    done = publish(folder, "user/name")
    with caplog.at_level(logging.WARNING):
        assert resolve("hf://user/name").address == f"hf://user/name@{done.revision}"
    assert "Nothing pins hf://user/name: " in caplog.text and f"hf://user/name@{done.revision}" in caplog.text
    caplog.clear()
    resolve(f"hf://user/name@{done.revision}")
    assert not caplog.text


def test_a_branch_falls_back_on_the_cache(folder, server, monkeypatch):
    publish(folder, "user/name")
    path = resolve("hf://user/name").weights_path()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert resolve("hf://user/name").weights_path() == path


def test_a_repository_that_is_not_there_or_holds_no_preset(server):
    with pytest.raises(DownloadFailed, match=r"commit of user/name@main.*no such repository"):
        kerasalign.load("hf://user/name")
    revision = server.add("user/name", {"model.keras": b"code"})
    with pytest.raises(DownloadFailed, match=r"preset\.json of user/name.*does not have this file"):
        kerasalign.load(f"hf://user/name@{revision}")
    assert not any("model.keras" in request for request in server.requests)


@pytest.mark.parametrize("address", ["hf://user", "hf://user/name@", "hf://a/b/c", "hf://"])
def test_a_wrong_address(address):
    with pytest.raises(ValueError, match="hf://user/repo@commit"):
        kerasalign.load(address)


def test_a_downloaded_file_of_the_wrong_digest(folder, server):
    done = publish(folder, "user/name")
    files = server.commits["user/name", done.revision]
    server.commits["user/name", done.revision] = files | {"model.weights.h5": b"the nombers"}
    with pytest.raises(WeightsCorrupted, match="twice"):
        kerasalign.load(f"hf://user/name@{done.revision}")


def test_the_cache_is_listed_and_removed(folder, server):
    assert cached() == []
    revision = publish(folder, "user/name").revision
    resolve(f"hf://user/name@{revision}").weights_path()
    other = server.add("someone/else", {"README.md": b"about"})  # another library's
    hf_hub_download("someone/else", "README.md", revision=other, cache_dir=cache_dir(), endpoint=server.url)
    (entry,) = cached()
    assert (entry.repo, entry.presets, entry.commits) == ("user/name", (), (revision,))
    assert entry.bytes > len(WEIGHTS)
    with pytest.raises(ValueError, match=r"holds \['user/name'\]. Received: name='someone/else'"):
        remove_cached("someone/else")
    assert remove_cached("user/name") == [entry]
    assert cached() == [] and not entry.path.exists() and list(cache_dir().rglob("README.md"))
    assert remove_cached() == []
