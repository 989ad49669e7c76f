"""A preset goes to the Hub by the real client, comes back pinned, and is listed and removed in the cache."""

import json
import logging

import pytest

import kerasalign.hub
from kerasalign.hub import DownloadFailed, WeightsCorrupted, WeightsError, cache_dir, cached, publish, remove_cached
from kerasalign.hub.folder import CARD, ENTRY
from kerasalign.hub.preset import Preset
from kerasalign.markups import get_markup, save_markup
from tests.support.entries import WEIGHTS, weights_entry

FILES = {"preset.json", "model.weights.h5", "README.md", "markup.json"}


@pytest.fixture
def folder(hub, tmp_path):
    """A preset's folder whose weights cost nothing; networks are fakes."""
    folder = tmp_path / "mine"
    weights = weights_entry(file="model.weights.h5", source="folder")
    entry = {
        "paper": "tiny",
        "dataset": "drawn",
        "architecture": {"class": "Fake", "markup": "5", "name": "mine"},
        "crop": {"size": 228, "scale": 1.5},
        "weights": weights,
    }
    folder.mkdir()
    (folder / "model.weights.h5").write_bytes(WEIGHTS)
    (folder / ENTRY).write_text(json.dumps({"version": 1, "name": "mine", "preset": entry}))
    save_markup(get_markup("5"), folder / "markup.json")
    (folder / "notes to myself.txt").write_text("not for anyone")
    return folder


def test_publish_then_load_what_was_published(folder, server, tmp_path):
    done = publish(folder, "user/name", message="First")
    assert set(done.files) == FILES and done.files["model.weights.h5"] == len(WEIGHTS)
    assert server.messages == ["First"]
    there = server.commits["user/name", done.revision]
    assert set(there) == FILES | {".gitattributes"} and there["model.weights.h5"] == WEIGHTS
    assert 'load("hf://user/name")' in there["README.md"].decode()
    model = kerasalign.load(f"hf://user/name@{done.revision}")
    assert model.loaded.endswith("model.weights.h5") and model.origin.name == f"hf://user/name@{done.revision}"


def test_the_entry_is_one_of_the_manifest(folder, server, hub, tmp_path, manifest_json):
    done = publish(folder, "user/name")
    pasted = json.loads(done.to_paste())
    preset = Preset.from_json("mine", pasted["mine"])
    assert (preset.weights.source, preset.weights.repo, preset.weights.revision) == ("hub", "user/name", done.revision)
    manifest_json["presets"] |= pasted
    (tmp_path / "weights_manifest.json").write_text(json.dumps(manifest_json))
    assert kerasalign.load("mine").loaded.startswith(str(cache_dir()))
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
        ({"licence": "not stated"}, r"`licence` and `training_data`.*Received: licence='not stated'"),
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
        assert kerasalign.load("hf://user/name").loaded
    assert "Nothing pins hf://user/name: " in caplog.text and f"hf://user/name@{done.revision}" in caplog.text
    caplog.clear()
    kerasalign.load(f"hf://user/name@{done.revision}")
    assert not caplog.text


def test_a_branch_falls_back_on_the_cache(folder, server, monkeypatch):
    publish(folder, "user/name")
    kerasalign.load("hf://user/name")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert kerasalign.load("hf://user/name").loaded


def test_a_repository_that_is_not_there_or_holds_no_preset(server, hub):
    with pytest.raises(DownloadFailed, match=r"commit of user/name@main.*no such repository"):
        kerasalign.load("hf://user/name")
    revision = server.add("user/name", {"model.keras": b"code"})
    with pytest.raises(DownloadFailed, match=r"preset\.json of user/name.*does not have this file"):
        kerasalign.load(f"hf://user/name@{revision}")
    assert not any("model.keras" in request for request in server.requests)


@pytest.mark.parametrize("address", ["hf://user", "hf://user/name@", "hf://a/b/c", "hf://"])
def test_a_wrong_address(address, hub):
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
    kerasalign.load(f"hf://user/name@{revision}")
    other = server.add("someone/else", {"README.md": b"about"})
    kerasalign.hub.transfer.fetch("someone/else", "README.md", other)  # another library's
    (entry,) = cached()
    assert (entry.repo, entry.presets, entry.commits) == ("user/name", (), (revision,))
    assert entry.bytes > len(WEIGHTS)
    with pytest.raises(ValueError, match=r"holds \['user/name'\]. Received: name='someone/else'"):
        remove_cached("someone/else")
    assert remove_cached("user/name") == [entry]
    assert cached() == [] and not entry.path.exists() and list(cache_dir().rglob("README.md"))
    assert remove_cached() == []
