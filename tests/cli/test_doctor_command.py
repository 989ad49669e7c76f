"""`kerasalign doctor` finds what is wrong."""

import json

import pytest

import kerasalign.hub
from kerasalign.cli import doctor


def report(run):
    return {finding["what"]: finding for finding in json.loads(run.stdout)}


def test_reports_this_installation(command):
    found = report(command("doctor", "--json"))
    assert kerasalign.__version__ in found["kerasalign"]["value"]
    assert found["backend"]["value"]
    assert found["devices"]["value"]
    assert "weights_manifest.json" in found["manifest"]["value"]
    assert "kerasalign_weights" in found["kerasalign-weights"]["value"]
    assert found["weights of musica19-300w"]["value"] == "kerasalign-weights, digest as in the manifest"
    assert found["weights of the detector"]["value"] == "digest as in the manifest"
    assert not any(found[what]["problem"] for what in ("keras", "tensorflow", "backend", "arithmetic", "manifest"))


def test_table_and_exit_code(command, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("cat", "asleep")])
    assert command("doctor").exit_code == 0
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("cat", "gone", "Look under the bed")])
    run = command("doctor")
    assert run.exit_code == 1
    assert "Look under the bed" in run.stdout


def test_a_missing_package():
    found = {finding.what: finding for finding in doctor.examine(required=("keras", "no-such-package"))}
    assert found["no-such-package"].problem == "Run: pip install no-such-package"
    assert not found["keras"].problem


def test_a_cache_that_cannot_be_written(command, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "file"))
    assert "KERASALIGN_HOME" in report(command("doctor", "--json"))["cache"]["problem"]
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "new" / "folder"))
    assert not report(command("doctor", "--json"))["cache"]["problem"]


def test_a_check_that_fails_is_a_finding(command, monkeypatch):
    def lost():
        raise FileNotFoundError("the manifest is gone")

    monkeypatch.setattr(kerasalign.hub, "read_manifest", lost)
    found = report(command("doctor", "--json"))
    assert found["manifest"]["problem"] == "FileNotFoundError: the manifest is gone"
    assert found["backend"]["value"]


def test_a_backend_that_is_not_installed_is_one_line(monkeypatch):
    from kerasalign.cli import backend

    monkeypatch.setenv("KERAS_BACKEND", "jax")
    backend.check_installed(lambda name: object())
    with pytest.raises(ImportError, match=r"'jax' is not installed: `pip install jax`.*Received: KERAS_BACKEND=jax"):
        backend.check_installed(lambda name: None)
