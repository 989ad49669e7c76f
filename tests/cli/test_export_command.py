"""`kerasalign export`."""

import json

import pytest

from kerasalign.runtimes import open_runtime
from tests.support.cases import MODELS, set_known_weights

DATA = {"name": "drawn faces", "terms": "own", "faces": 4}


@pytest.fixture
def preset(tmp_path):
    from kerasalign.hub import save_preset

    model = MODELS["AAN"].make()
    set_known_weights(model)
    save_preset(model, tmp_path / "mine", license="Apache-2.0", commercial_use=True, training_data=[DATA])
    return "./mine"


def test_export_writes_a_file_and_tells_what_it_measured(command, preset, tmp_path):
    done = command("export", preset, "-o", "m.onnx", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["format"] == "onnx" and told["max_error"] <= 0.05 and told["bytes"] > 0
    runtime = open_runtime(tmp_path / "m.onnx")
    assert runtime.metadata["license"] == "Apache-2.0" and runtime.metadata["commercial_use"] == "yes"


def test_broken_parity_is_one_line_and_leaves_no_file(command, preset, tmp_path):
    # The suffix alone says the format.
    done = command("export", preset, "-o", "m.tflite", "--tolerance", "-1")
    assert done.exit_code == 1 and "m.tflite was not kept" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "m.tflite").exists()
