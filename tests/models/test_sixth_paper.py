"""A sixth paper in a folder of its own, as docs/add-a-paper.md tells it: it loads, trains, is listed and exported."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

import kerasalign
from kerasalign.data import AugmentConfig
from kerasalign.datasets import make_miniature
from kerasalign.hub import Manifest
from kerasalign.models import build, get_paper, list_papers, paper_of, register_paper
from kerasalign.models.paper import Paper
from tests.support.arrays import crops

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-paper.md"
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENTRY = {
    "paper": "fine",
    "dataset": "300w",
    "architecture": {"class": "Fine", "markup": "68", "filters": 4},
    "crop": {"size": 64, "scale": 1.2},
    "trainable": True,
    "weights": None,
}


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sixth")
    for name, content in BLOCK.findall(PAGE.read_text("utf-8")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield register_paper(importlib.import_module("fine").PAPER)


def test_it_is_known_by_its_names(paper):
    assert "fine" in list_papers() and get_paper("fine") is paper
    assert AugmentConfig.preset("fine-mirrored").flip == 0.5
    model = build({"class": "Fine", "markup": "19"})
    assert paper_of(model) is paper and model.num_landmarks == 19
    with pytest.raises(ValueError, match=r"takes the arguments \[.*'filters'.*Received: \['filter'\]"):
        build({"class": "Fine", "filter": 4})


def test_its_folder_loads(paper, tmp_path):
    model = build({"class": "Fine", "markup": "68"})
    preset = kerasalign.save_preset(model, tmp_path / "fine-mine")
    assert preset.paper == "fine"
    twin, bare = (kerasalign.load(tmp_path / "fine-mine", **more) for more in ({}, {"weights": None}))
    images = crops(2, 64)
    np.testing.assert_array_equal(*(m.predict_crops(images)["landmarks"] for m in (model, twin)))
    assert bare.config == twin.config == model.config


def test_a_manifest_lists_it_and_its_recipe_trains(paper, tmp_path):
    manifest = {"version": 1, "default": "fine-300w", "presets": {"fine-300w": ENTRY}}
    preset = Manifest.from_json(json.loads(json.dumps(manifest)))["fine-300w"]
    assert preset.markup == "68" and not preset.available
    recipe = paper.recipe_class()(
        paper.models["Fine"].from_json({"filters": 4}),
        dataset="300w",
        steps=4,
        steps_per_epoch=2,
        batch_size=2,
        validation=0,
    )
    model = recipe.fit(make_miniature("300w", tmp_path / "300w"), tmp_path / "run", verbose=0)
    card = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert card["recipe"] == "fine" and len(card["curve"]) == 2
    # The middle of the training faces, not the default.
    assert model.config.start != (0.5, 0.5) and card["model"]["start"] == list(model.config.start)


def test_it_is_exported(paper, tmp_path):
    pytest.importorskip("onnxruntime")
    model = build({"class": "Fine", "markup": "68"})
    report = kerasalign.export(model, tmp_path / "fine.onnx")
    assert report.parity.max_error < 0.05


def test_two_papers_of_one_name(paper):
    with pytest.raises(ValueError, match=r"Another paper .* Received: name='fine', models"):
        register_paper(Paper("fine", "Other", "", "", (), "other:Recipe"))
    with pytest.raises(ValueError, match=r"models of these names. Received: name='coarse', models \['Fine'\]"):
        register_paper(Paper("coarse", "Other", "", "", paper.configs, "other:Recipe"))
    with pytest.raises(ValueError, match=r"these names already. Received: \['fine-mirrored'\]"):
        register_paper(
            Paper("coarse", "Other", "", "", (), "other:Recipe", augmentation={"fine-mirrored": AugmentConfig()})
        )
    assert "coarse" not in list_papers()
