"""`kerasalign align --runtime`, and what `kerasalign cache` says of the files that it makes."""

import json

import numpy as np
import pytest

from tests.support.cases import MODELS, set_known_weights

BOX = [20, 10, 80, 70]


@pytest.fixture
def preset(tmp_path, monkeypatch):
    from kerasalign.hub import save_preset

    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    model = MODELS["AAN"].make()
    set_known_weights(model)
    save_preset(model, tmp_path / "mine", license="Apache-2.0")
    return "./mine"


def test_every_runtime_gives_the_same_landmarks(command, preset, folder, tmp_path):
    (tmp_path / "boxes.json").write_text(json.dumps({"a.jpg": [BOX], "b.png": [BOX, BOX]}))
    found = {}
    for runtime in ("keras", "onnxruntime", "litert"):
        run = command(
            "align",
            folder / "a.jpg",
            folder / "b.png",
            "--boxes",
            "boxes.json",
            "--model",
            preset,
            "--runtime",
            runtime,
            "--out",
            runtime,
            "--format",
            "json",
        )
        assert run.exit_code == 0, run.output
        photos = json.loads((tmp_path / runtime / "landmarks.json").read_text())
        found[runtime] = np.array([face["landmarks"] for photo in photos for face in photo["faces"]])
    assert found["keras"].shape == (3, 5, 2)
    for runtime in ("onnxruntime", "litert"):
        np.testing.assert_allclose(found[runtime], found["keras"], atol=0.05)

    listed = json.loads(command("cache", "--json").stdout)
    assert {(entry["preset"], entry["runtime"]) for entry in listed} == {("mine", "litert"), ("mine", "onnxruntime")}
    assert all(entry["bytes"] > 1000 for entry in listed)
    assert "2 runtime files" in command("cache").stdout
    run = command("cache", "--remove", "other")
    assert run.exit_code == 1 and "Received: name='other'" in run.stderr
    assert "Removed 2 runtime files" in command("cache", "--remove", "mine").stdout
    assert json.loads(command("cache", "--json").stdout) == []
    assert {path.name for path in (tmp_path / "home" / "runtimes").iterdir()} <= {".locks"}


def test_an_unknown_runtime_is_one_line(command, preset, folder):
    run = command("align", folder / "b.png", "--model", preset, "--runtime", "tensorrt")
    assert run.exit_code == 1 and "Received: --runtime 'tensorrt'" in run.stderr and "Traceback" not in run.output
