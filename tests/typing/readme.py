"""What a type checker must make of the README's lines; `test_typing.py` runs pyright on this file."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

from PIL import Image

import kerasalign
from kerasalign import Face, Faces, LandmarkModel
from kerasalign.data import FaceLoader
from kerasalign.hub import as_model
from kerasalign.inference import Batch
from kerasalign.models import SCC
from kerasalign.runtimes.runtime_model import RuntimeModel
from kerasalign.training.recipe import Recipe

model = kerasalign.load("musica19-synth")
faces = model.align("group.jpg")
faces.draw().save("group_landmarks.png")

assert_type(model, LandmarkModel)
assert_type(faces, Faces)
assert_type(faces[0], Face)
assert_type(faces.draw(), Image.Image)
model.compile()
assert_type(kerasalign.load(Path("my-faces"), weights=None, markup="5"), LandmarkModel)
assert_type(kerasalign.load("musica19-synth", runtime="keras"), LandmarkModel)


def other_runtimes(runtime: str) -> None:
    opened = kerasalign.load("musica19-synth", runtime="onnxruntime", quantize="int8")
    assert_type(opened, RuntimeModel)
    assert_type(opened.align("group.jpg"), Faces)
    assert_type(kerasalign.load("musica19-synth", "mine.weights.h5", runtime="litert"), RuntimeModel)
    assert_type(kerasalign.load("musica19-synth", runtime=runtime), LandmarkModel | RuntimeModel)


def without_a_model(photos: Iterator[str]) -> None:
    assert_type(kerasalign.align("group.jpg"), Faces)
    assert_type(kerasalign.align("group.jpg", model, detector="mtcnn"), Faces)
    assert_type(kerasalign.align(["a.jpg", Path("b.jpg")], "musica19-synth"), Batch)
    assert_type(kerasalign.align(photos), Iterator[Faces])
    assert_type(as_model("musica19-synth"), LandmarkModel)
    assert_type(as_model(), LandmarkModel)


def results() -> None:
    assert_type(faces[0].pose.yaw, float)
    assert_type(faces[0].chip(128), Image.Image)
    assert_type(faces.to_csv(), str)
    assert_type(faces.save("drawn.png", axes=True), list[Path])
    assert_type(SCC.from_preset("scc-wflw"), SCC)
    assert_type(model.align("group.jpg", color="bgr", refine=1), Faces)


def training() -> None:
    assert_type(kerasalign.dataset(model, "points.csv", augment="mild"), FaceLoader)
    assert_type(kerasalign.get_recipe("musica19-synth"), Recipe)
    assert_type(kerasalign.list_models(available=True), list[str])
