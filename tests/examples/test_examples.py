"""Every example runs as a user would run it, but in the process of the tests: six imports of TensorFlow are saved."""

import runpy
from pathlib import Path

import keras
import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
SAYS = {
    "align_for_recognition": "five points",
    "align_photo": "68 points",
    "fine_tune": "after",
    "follow_video": "the detector was used 1 time(s)",
    "know_when_to_quit": "3.00 iterations",
    "own_points": "the same landmarks",
    "scc_own_points": "Saved scc_edges.png",
}


def test_every_example_is_here():
    assert {path.stem for path in EXAMPLES} == set(SAYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    keras.backend.clear_session()
    assert SAYS[path.stem] in capsys.readouterr().out
