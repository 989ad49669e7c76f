"""Several data sets and any boxes in one run."""

import json

import numpy as np
import pytest

from kerasalign.data.boxes import TRAINING_BOX, boxed_samples, source_box, source_face
from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.geometry import BoxMap, CropSpec, apply_affine, box_center, box_size, tight_box
from kerasalign.hub import get_recipe
from kerasalign.metrics import BoxSource
from kerasalign.models.aan import AANConfig
from kerasalign.models.aan.recipe import AANRecipe
from kerasalign.training import FaceSource, crop_cache

pytestmark = pytest.mark.usefixtures("eagerly")

MODEL = AANConfig(markup="68", stem=8, channels=(8,), embedding=4, size=32)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300w", tmp_path_factory.mktemp("data") / "300w", faces=2)


@pytest.fixture(scope="module")
def menpo(tmp_path_factory):
    return make_miniature("menpo2d", tmp_path_factory.mktemp("data") / "menpo2d", faces=2)


def test_a_run_on_two_data_sets(data, menpo, tmp_path):
    sources = [
        FaceSource("300w", data, ("train", "common"), {"drop_duplicates": False}),
        FaceSource.parse(f"menpo2d={menpo}"),
    ]
    recipe = AANRecipe(MODEL, steps=1, batch_size=2, validation=1)
    recipe.fit(sources, tmp_path / "run", cache_dir=tmp_path / "cache", verbose=0)
    settings = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]
    expected = [*read_dataset("300w", data, "train", drop_duplicates=False), *read_dataset("300w", data, "common")]
    expected = [f"300w/{s.name}" for s in expected] + [f"menpo2d/{s.name}" for s in read_dataset("menpo2d", menpo)]
    assert settings["dataset"] == "300w+menpo2d" and settings["faces"] + settings["held_out"] == len(expected)
    assert settings["sources"][0] == {
        "dataset": "300w",
        "splits": ["train", "common"],
        "reader_options": {"drop_duplicates": False},
    }
    assert list(crop_cache(recipe, sources, tmp_path / "cache").names) == expected
    with pytest.raises(ValueError, match="crops that were made from other faces"):
        recipe.fit(data, tmp_path / "other", cache_dir=tmp_path / "cache", verbose=0)


def test_text_of_a_source():
    source = FaceSource.parse("300w=/a b/300W,split=train+full,drop_duplicates=false")
    assert source == FaceSource("300w", "/a b/300W", ("train", "full"), {"drop_duplicates": False})
    for wrong in ("300w", "=x", "300w=x,split"):
        with pytest.raises(ValueError, match="NAME=DIR"):
            FaceSource.parse(wrong)
    with pytest.raises(ValueError, match="nowhere"):
        FaceSource.parse("nowhere=x")


def test_boxes_of_training_crops(data, tmp_path):
    recipe = AANRecipe(MODEL)
    for boxes, kind in ((None, "landmarks"), ("dataset:detector", "detector")):
        cache = crop_cache(recipe.with_settings(boxes=boxes), data, tmp_path / str(kind))
        samples = {s.name: s for s in read_dataset("300w", data, "train")}
        for name, box in zip(cache.names, cache.boxes):
            wanted = samples[name].box(kind)
            assert box_size(box)[0] / box_size(box)[1] == pytest.approx(box_size(wanted)[0] / box_size(wanted)[1])
    with pytest.raises(ValueError, match="`box_source` must be"):
        recipe.with_settings(boxes="anything")


class Finder:
    """Finds each annotated face but the first, a fifth too large."""

    def __init__(self, samples):
        self.faces = list(samples)

    def detect(self, image):
        here = [s for s in self.faces[1:] if np.array_equal(s.read_image(), image)]
        return [type("Found", (), {"box": BoxMap(scale=(1.2, 1.2))(s.box())}) for s in here]

    def map_to(self, kind):
        return {"landmarks": BoxMap(scale=(1 / 1.2, 1 / 1.2)), "own": BoxMap()}[kind]


def test_boxes_of_a_detector(data, caplog):
    samples = read_dataset("300w", data, "challenging")
    source = BoxSource.parse("detector:own")
    found = boxed_samples(samples, source, Finder(samples))
    assert [s.name for s in found] == [s.name for s in samples[1:]] and "missed 1 of" in caplog.text
    np.testing.assert_allclose(found[0].box(TRAINING_BOX), samples[1].box(), rtol=1e-9)
    raw = boxed_samples(samples, source, Finder(samples), "own")[0].box(TRAINING_BOX)
    np.testing.assert_allclose(box_size(raw), 1.2 * box_size(samples[1].box()))
    with pytest.raises(ValueError, match="Received: detector=None"):
        boxed_samples(samples, source)


def test_jittered_boxes_are_the_same_for_every_network_and_within_their_range(data):
    samples = read_dataset("300w", data, "train")
    source, other = BoxSource.parse("jittered:0.2"), BoxSource.parse("jittered:0.2#1")
    for sample in samples:
        box, tight = source_box(sample, source), sample.box()
        np.testing.assert_array_equal(box, source_box(sample, source))
        assert not np.allclose(box, source_box(sample, other))
        grown = box_size(box) / box_size(tight)
        moved = np.abs(box_center(box) - box_center(tight)) / box_size(tight)[::-1]
        assert (grown >= 1).all() and (grown <= (1.2, 1.1)).all() and (moved <= 0.2).all()
    assert str(other) == "jittered:0.2#1" and "jittered by 0.2" in source.describe()


def test_a_jittered_source_turns_crops_within_its_range(data):
    samples = read_dataset("300w", data, "train")
    turned, plain = BoxSource.parse("jittered:0,roll=30#1"), BoxSource.parse("jittered:0.2,roll=30")
    assert (turned.factor, turned.roll, turned.seed) == (0.0, 30.0, 1) and plain.factor == 0.2
    angles = []
    for sample in samples:
        box, angle = source_face(sample, turned)
        angles.append(angle)
        matrix = CropSpec(size=100, scale=1.0).transform(box, angle)
        shown = tight_box(apply_affine(matrix, sample.landmarks))
        # In the turned crop the box is the tight one.
        np.testing.assert_allclose(box_center(shown), 49.5, atol=1e-6)
        np.testing.assert_allclose(box_size(shown).max(), 100, atol=1e-6)
        assert source_face(sample, plain)[1] == source_face(sample, plain)[1]
    assert max(map(abs, angles)) <= 30 and min(angles) < 0 < max(angles)
    assert "jittered by 0.2 and turned by up to 30" in plain.describe()
    with pytest.raises(ValueError, match="turns no crop"):
        source_box(samples[0], plain)
    with pytest.raises(ValueError, match="turns no crop"):
        AANRecipe(MODEL, "300w", "train", boxes="jittered:0.2,roll=30")


def test_a_card_says_nothing_of_where_folders_are():
    options = {"markup": 98, "images": "/a/folder/photos"}
    source = FaceSource("csv", "/a/points.csv", ("all",), options)
    recipe = get_recipe("scc-wflw").with_settings(reader_options=options)
    for said in (source.describe(), recipe.to_json()):
        assert said["reader_options"] == {"markup": 98, "images": "photos"}
