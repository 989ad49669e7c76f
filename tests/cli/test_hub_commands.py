"""`kerasalign download`, `cache` and `publish`; what they do is tested with the hub."""

import json
from dataclasses import asdict

from kerasalign.hub import publish, read_manifest, resolve


def test_download_publish_and_cache(command, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    run = command("download", "musica19-synth", "--to", "air-gap")
    assert run.exit_code == 0 and "kerasalign.load('./air-gap')" in run.stdout
    run = command("publish", "air-gap", "--repo", "user/name", "--dry-run")
    assert run.exit_code == 0 and "17,899,912" in run.stdout and "Would go to user/name" in run.stdout
    entry = json.loads(run.stdout[run.stdout.index("{") :])["musica19-synth"]
    weights = read_manifest()["musica19-synth"].weights
    assert (entry["weights"]["sha256"], entry["weights"]["repo"]) == (weights.sha256, "user/name")
    again = json.loads(command("download", "musica19-synth", "--to", "air-gap", "--json").stdout)
    assert again == {"name": "musica19-synth", **json.loads(json.dumps(resolve("./air-gap").preset.to_json()))}
    told = json.loads(command("publish", "air-gap", "--repo", "user/name", "--dry-run", "--json").stdout)
    assert told == [json.loads(json.dumps(asdict(publish("air-gap", "user/name", dry_run=True))))]
    assert json.loads(command("cache", "--json").stdout) == []
    assert "Found 0 repositories with 0 bytes" in command("cache").stdout


def test_publish_all_in_a_dry_run(command):
    run = command("publish", "--all", "--owner", "me", "--dry-run", "--to", "kept")
    assert run.exit_code == 0 and "Would go to me/musica19-synth" in run.stdout
    entries = json.loads(run.stdout[run.stdout.index("{") :])
    held = {name: preset.weights for name, preset in read_manifest().presets.items() if preset.weights}
    assert {name: entry["weights"]["sha256"] for name, entry in entries.items()} == {
        name: weights.sha256 for name, weights in held.items()
    }
    for wrong in (["--all"], ["--all", "--owner", "me", "--repo", "me/x"], ["kept"], ["kept", "--owner", "me"], []):
        run = command("publish", *wrong)
        assert run.exit_code == 1 and "--owner USER" in run.stderr


def test_errors_are_one_line(command, tmp_path):
    run = command("download", "musica-300w", "--to", "nothing")
    assert run.exit_code == 1 and "Nobody has published weights" in run.stderr and "Traceback" not in run.output
    assert not (tmp_path / "nothing").exists()
    run = command("publish", "nothing", "--repo", "user/name")
    assert run.exit_code == 1 and "preset.json" in run.stderr
    run = command("cache", "--remove", "musica-300w")
    assert run.exit_code == 1 and "Received: name='musica-300w'" in run.stderr


def test_info_of_a_folder(command, tmp_path):
    command("download", "musica19-synth", "--to", "air-gap")
    run = command("info", "./air-gap")
    assert run.exit_code == 0 and "8,697,723" in run.stdout and "folder" in run.stdout
