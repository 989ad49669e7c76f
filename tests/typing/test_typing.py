"""A type checker knows what `load` and `align` return."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pyright, in one process, says of the README's lines and of the same lines with mistakes."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    folder = tmp_path_factory.mktemp("typing")
    text = (TOP / "tests" / "typing" / "readme.py").read_text("utf-8")
    (folder / "readme.py").write_text(text, "utf-8")
    (folder / "mistakes.py").write_text(
        "import kerasalign\n"
        'kerasalign.load("musica19-synth", runtime="onnxruntime").compile()\n'
        'kerasalign.align("group.jpg").drow()\n'
        'kerasalign.lod("musica19-synth")\n'
        'kerasalign.align("group.jpg", detektor="mtcnn")\n',
        "utf-8",
    )
    config = {"include": ["."], "extraPaths": [str(TOP)], "pythonVersion": "3.11", "typeCheckingMode": "basic"}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.stdout.startswith("{"), run.stdout + run.stderr
    errors = [item for item in json.loads(run.stdout)["generalDiagnostics"] if item["severity"] == "error"]
    return [(Path(item["file"]).name, item["range"]["start"]["line"] + 1, item["message"]) for item in errors]


def test_the_readme_s_lines_have_their_types(report):
    assert not [error for error in report if error[0] == "readme.py"]


def test_mistakes_are_found(report):
    found = {line for name, line, _ in report if name == "mistakes.py"}
    assert found == {2, 3, 4, 5}
