"""Every example runs as a user would run it."""

import os
import subprocess
import sys
from pathlib import Path

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
def test_example(path, tmp_path):
    done = subprocess.run(
        [sys.executable, path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert SAYS[path.stem] in done.stdout
