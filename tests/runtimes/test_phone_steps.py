"""What docs/phones.md tells an app to do gives the library's landmarks: numpy and LiteRT's interpreter, and no more."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import kerasalign
from kerasalign.runtimes import export_model, open_runtime
from kerasalign.support.images import load_image

PAGE = Path(__file__).resolve().parents[2] / "docs" / "phones.md"


@pytest.fixture(scope="module")
def steps():
    """The page's Python code, as a module."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    imported = re.findall(r"^import (\w+)", code, re.MULTILINE)
    assert imported == ["json", "zipfile", "numpy"] and "from " not in code.replace("from pixels", "")
    names = {}
    exec(code, names)
    return SimpleNamespace(**names)


def test_the_steps_of_the_page_give_the_librarys_landmarks(steps, small, tmp_path):
    interpreters = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    path = tmp_path / "small.tflite"
    export_model(small, path, "litert")
    photo = load_image(kerasalign.example_photos(tmp_path / "photos") / "portraits" / "T000483.jpg")
    interpreter = interpreters.Interpreter(model_path=str(path), num_threads=2)
    # A face in the photo, and one that reaches beyond its edge.
    for box in ((110.0, 100.0, 200.0, 205.0), (-25.0, 300.0, 60.0, 380.0)):
        found = steps.landmarks_of(interpreter, steps.read_metadata(path), photo, box)
        (face,) = open_runtime(path).align(photo, boxes=[box], refine=1)
        np.testing.assert_allclose(found, face.landmarks, atol=0.05)
