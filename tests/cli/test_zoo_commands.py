"""`kerasalign list`, `kerasalign info`, and how the command meets its user."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

import kerasalign
from kerasalign.hub import default_catalog, use_catalog


def test_list_shows_every_preset(command):
    run = command("list")
    assert run.exit_code == 0
    for name in kerasalign.list_models():
        assert name in run.stdout


def test_list_filters(command):
    names = json.loads(command("list", "--json", "--dataset", "wflw", "--markup", "98").stdout)
    assert names == kerasalign.list_models(dataset="wflw", markup="98")
    assert json.loads(command("list", "--json", "--available").stdout) == kerasalign.list_models(available=True)
    assert json.loads(command("list", "--json", "--no-available").stdout) == kerasalign.list_models(available=False)


def test_info_as_json(command):
    run = command("info", "musica19-300w", "--json")
    told = json.loads(run.stdout)
    assert told == json.loads(json.dumps(kerasalign.info("musica19-300w")))
    assert told["parameters"] == 8_697_723


def test_info_as_a_table(command):
    run = command("info", "musica-mobile")
    assert "6,914,518" in run.stdout
    assert "private" in run.stdout


def test_unknown_preset(command):
    run = command("info", "musica19-300")
    assert run.exit_code == 1
    assert "musica19-300w" in run.stderr
    assert "Traceback" not in run.output


def test_an_error_that_is_not_ours_keeps_its_traceback(command, monkeypatch):
    def broken(*args):
        return json.loads("{")

    monkeypatch.setattr("kerasalign.cli.zoo.list_models", broken)
    assert isinstance(command("list").exception, json.JSONDecodeError)


def test_version(command):
    assert command("--version").stdout.strip() == f"kerasalign {kerasalign.__version__}"


def test_help_names_every_command(command):
    text = command("--help").stdout
    for name in ("list", "info", "align", "demo", "doctor"):
        assert name in text


@pytest.mark.parametrize("arguments", [["list"], ["--help"]])
def test_light_commands_load_no_backend(arguments):
    code = f"""
import sys
from dataclasses import replace
from kerasalign.cli import app
app({arguments!r}, standalone_mode=False)
heavy = {{"keras", "tensorflow", "huggingface_hub"}} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_list_and_info_say_where_weights_come_from(command, tmp_path):
    assert "kerasalign-weights: not installed" not in command("list").stdout
    with use_catalog(replace(default_catalog(), package=tmp_path / "none")):
        (row,) = [line for line in command("list").stdout.splitlines() if line.split()[:1] == ["musica19-300w"]]
        assert "kerasalign-weights: not installed" in row
        facts = json.loads(command("info", "musica19-300w", "--json").stdout)
    assert (facts["available"], facts["location"]) == (False, "")
    assert json.loads(command("info", "musica19-300w", "--json").stdout)["location"].endswith("300w.weights.h5")
