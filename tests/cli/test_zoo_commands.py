"""`kerasalign list`, `kerasalign info`, and how the command meets its user."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

import kerasalign
from kerasalign.cli import app
from kerasalign.cli.console import say
from kerasalign.cli.examples import EXAMPLES
from kerasalign.cli.options import complete_preset
from kerasalign.hub import default_catalog, use_catalog
from kerasalign.support.progress import track

# What these commands give are files or pictures; all others have a result, and print it as JSON too.
FILES_ALONE = {
    "ced",
    "demo",
    "detector distractors",
    "detector export",
    "detector faces",
    "detector heads",
    "detector mine",
    "detector train",
    "synth",
    "train",
}


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


def test_the_list_fits_80_columns_and_begins_with_what_loads_here(command, monkeypatch):
    lines = [line.rstrip() for line in command("list").stdout.splitlines() if line.strip()]
    assert max(map(len, lines)) <= 80
    state = {line.split()[0]: line.split()[1] for line in lines[2:]}
    here = kerasalign.list_models(available=True)
    assert [*state][: len(here)] == here and set(state) == set(kerasalign.list_models())
    assert "commercial" in next(line for line in lines if "musica19-synth" in line)
    assert "300w-common-inter_pupil" in command("list", "--all").stdout


@pytest.mark.parametrize(("option", "known"), [("--paper", "scc"), ("--dataset", "300w"), ("--markup", "98")])
def test_a_filter_with_an_unknown_value_says_what_there_is(command, option, known):
    run = command("list", option, "nothing")
    assert run.exit_code == 1 and f"`{option}` must be one of" in run.stderr and f"'{known}'" in run.stderr
    assert f"Received: {option} 'nothing'" in run.stderr


def test_a_name_in_capitals_finds_its_nearest(command):
    run = command("info", "SCC-WFLW")
    assert run.exit_code == 1 and "The nearest are ['scc-wflw'" in run.stderr


def test_every_help_text_has_two_examples_that_exist(command):
    groups = {group.name: group.typer_instance.registered_commands for group in app.registered_groups}
    names = [one.name for one in app.registered_commands]
    names += [f"{group} {one.name}" for group, commands in groups.items() for one in commands]
    assert set(EXAMPLES) == set(names)
    for name, lines in EXAMPLES.items():
        text = " ".join(command(*name.split(), "--help").stdout.split())
        assert len(lines) == 2
        for line in lines:
            assert line.split()[1 : 1 + len(name.split())] == name.split()
            for option in re.findall(r" (--[\w-]+)", line):
                assert option in text.partition("Examples:")[0], (line, option)
            assert line.split()[-1] in text.partition("Examples:")[2]
        assert ("--json" in text) == (name not in FILES_ALONE), name


def test_brackets_in_help_are_kept(command):
    assert "[[x0, y0, x1, y1], ...]" in " ".join(command("align", "--help").stdout.replace("│", " ").split())


def test_presets_are_completed_by_the_shell(command):
    assert complete_preset("scc-w") == ["scc-wflw"] and set(complete_preset("")) == set(kerasalign.list_models())
    assert "--install-completion" in command("--help").stdout


def test_lines_stand_above_a_progress_bar(monkeypatch, capsys):
    shown = io.StringIO()
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setattr(sys, "stderr", shown)
    for index in track(range(2), "Working", show=True):
        say(f"line {index}")
    assert "line 0\n" in shown.getvalue() and "line" not in capsys.readouterr().out
    say("after")
    assert capsys.readouterr().out == "after\n"


def test_info_as_json(command):
    run = command("info", "musica19-300w", "--json")
    told = json.loads(run.stdout)
    assert told == json.loads(json.dumps(kerasalign.info("musica19-300w")))
    assert told["parameters"] == 8_697_723


def test_info_as_a_table(command):
    run = command("info", "musica-mobile")
    assert "6,914,518" in run.stdout
    assert "private" in run.stdout


def test_info_draws_the_training_curve(command, tmp_path):
    pytest.importorskip("matplotlib")
    run = command("info", "musica19-synth", "--plot", "curve.png")
    assert "NME of held-out faces" in " ".join(run.stdout.split())
    with Image.open(tmp_path / "curve.png") as picture:
        assert picture.width == 900
    run = command("info", "musica-mobile", "--plot", "none.png")
    assert run.exit_code == 1 and "with a training curve" in run.stderr and not (tmp_path / "none.png").exists()


def test_info_in_a_notebook():
    html = kerasalign.info("musica19-synth")._repr_html_()
    assert html.count("<table>") == 2 and "8,697,723" in html and "<td>" in html


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
    assert "not installed" not in command("list").stdout
    with use_catalog(replace(default_catalog(), package=tmp_path / "none")):
        (row,) = [line for line in command("list").stdout.splitlines() if line.split()[:1] == ["musica19-300w"]]
        assert "not installed" in row
        facts = json.loads(command("info", "musica19-300w", "--json").stdout)
    assert (facts["available"], facts["location"]) == (False, "")
    assert json.loads(command("info", "musica19-300w", "--json").stdout)["location"].endswith("300w.weights.h5")
