"""`kerasalign detector measure` on whole photos."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of one photo with a listed face, and detectors that find it, or something else."""
    Image.fromarray(np.full((64, 96, 3), 60, "uint8")).save(tmp_path / "a.png")
    table = {"a.png": {"faces": [{"box": [10, 10, 50, 50], "score": 0.9}]}}
    (tmp_path / "faces.json").write_text(json.dumps(table))
    from kerasalign.inference import CallableDetector

    answers = {"yunet:net.onnx": [[10, 10, 50, 50]], "mtcnn": [[60, 10, 90, 40]]}
    monkeypatch.setattr("kerasalign.detection.get_detector", lambda name: CallableDetector(lambda photo: answers[name]))
    return tmp_path


def test_detectors_stand_beside_each_other(command, photos):
    options = ["--photos", photos, "--faces", photos / "faces.json", "--faces-kind", "landmarks"]
    names = ["--detector", "yunet:net.onnx", "--detector", "mtcnn"]
    out = ["--out", photos / "out.json", "--pictures", photos / "pictures"]
    run = command("detector", "measure", *options, *names, "--degrees", 0, "--degrees", 180, *out)
    assert run.exit_code == 0, run.stderr
    assert "100.0 %" in run.stdout and "1.000" in run.stdout
    report = json.loads((photos / "out.json").read_text())
    assert [row["recall"] for row in report["yunet"]["photos"]] == [1.0, 0.0]
    assert report["mtcnn"]["photos"][0]["false_per_photo"] == 1.0
    assert (photos / "pictures" / "mtcnn-0" / "a.png").is_file()


def test_what_is_needed_is_said(command, photos):
    for options in ((), ("--photos", photos)):
        run = command("detector", "measure", *options)
        assert run.exit_code == 2 and "--photos" in run.stderr
