"""Points of a network of our own as labels of real photos."""

import numpy as np
import pytest
from PIL import Image

import kerasalign
from kerasalign.datasets import read_dataset
from kerasalign.markups import get_markup
from tools import pseudo_labels


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Three portraits, a photo of nothing and a broken file, with their labels."""
    folder = tmp_path_factory.mktemp("photos")
    paths = sorted((kerasalign.example_photos(folder / "all") / "portraits").glob("*.jpg"))[:3]
    nothing = folder / "nothing.png"
    Image.new("RGB", (120, 120), (90, 120, 90)).save(nothing)
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no picture")
    for path in paths:
        path.rename(folder / path.name)
    paths = [folder / path.name for path in paths]
    model = kerasalign.load("musica19-synth")
    counts = pseudo_labels.label(model, [*paths, nothing, broken], get_markup("98"), folder / "points.csv", agree=10.0)
    return model, folder, paths, counts


def test_points_are_those_of_both_views_and_the_others_are_left_open(labelled):
    model, folder, paths, counts = labelled
    samples = read_dataset("csv", folder / "points.csv", "all", markup="98", images=str(folder))
    assert counts["not found"] == counts["not readable"] == 1 and sum(counts.values()) == 5
    assert counts["kept"] == len(samples) > 0
    place = pseudo_labels.places(get_markup("98"), model.markup)
    for sample in samples:
        (path,) = [path for path in paths if path.stem in sample.name]
        face = pseudo_labels.largest(model.align(path))
        eyes = np.linalg.norm(face.landmarks[36] - face.landmarks[45])
        assert np.linalg.norm(sample.landmarks[place] - face.landmarks, axis=1).mean() < 0.06 * eyes
        assert np.isnan(np.delete(sample.landmarks, place, 0)).all()
        np.testing.assert_array_equal(get_markup("98").convert(sample.landmarks, "68"), sample.landmarks[place])


def test_views_that_disagree_are_left_out(labelled, tmp_path):
    model, _, paths, _ = labelled
    counts = pseudo_labels.label(model, paths[:1], get_markup("68"), tmp_path / "points.csv", agree=1e-6)
    assert dict(counts) == {"apart": 1}
    assert (tmp_path / "points.csv").read_text("utf-8").count("\n") == 1


def test_a_markup_without_the_network_s_points_is_refused():
    with pytest.raises(SystemExit, match="'29' does not hold the points of '68'"):
        pseudo_labels.places(get_markup("29"), get_markup("68"))
