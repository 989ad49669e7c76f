"""Folders of renders: the same whatever the count, resumable, read as a data set."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from kerasalign.cli.main import app
from kerasalign.datasets import DatasetError, list_datasets, make_miniature, read_dataset
from kerasalign.markups import get_markup
from kerasalign.synth import SceneConfig
from kerasalign.synth.dataset.series import Series, label_series, picture_path, write_series
from kerasalign.synth.dataset.sheet import landmark_sheet

SERIES = Series(seed=5, size=64, scene=SceneConfig.preset("frontal"))
SUFFIXES = (".jpg", ".npz", ".pts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("renders") / "set"
    assert write_series(SERIES, 3, path, progress=False) == 3
    return path


def test_a_picture_does_not_depend_on_the_count_or_a_restart(folder, tmp_path):
    other = tmp_path / "other"
    assert write_series(SERIES, 1, other, progress=False) == 1
    assert write_series(SERIES, 3, other, progress=False) == 2
    for index in range(3):
        ours, theirs = (picture_path(root, index) for root in (folder, other))
        assert ours.read_bytes() == theirs.read_bytes()
        assert ours.with_suffix(".pts").read_bytes() == theirs.with_suffix(".pts").read_bytes()


def test_a_face_that_was_cut_off_is_made_again(folder):
    path = picture_path(folder, 1)
    before = path.read_bytes()
    path.with_suffix(".pts").unlink()
    path.write_bytes(before[:100])
    assert write_series(SERIES, 3, folder, progress=False) == 1
    assert path.read_bytes() == before
    assert write_series(SERIES, 3, folder, progress=False) == 0


def test_the_reader_takes_it_in_every_markup(folder):
    for name in ("68", "98", "29", "19", "5"):
        samples = read_dataset("synth", folder, "train", markup=name)
        assert [sample.name for sample in samples] == [f"train/0000/000000{i}" for i in range(3)]
        for sample in samples:
            assert sample.markup == name and sample.landmarks.shape == (get_markup(name).num_points, 2)
            assert sample.visibility.dtype == bool and {"yaw", "pitch", "roll"} <= set(sample.attributes)
            assert sample.read_image().shape == (64, 64, 3)
    flat, solid = (read_dataset("synth", folder, "train", points=points) for points in ("2d", "3d"))
    assert (flat[0].landmarks[17:] == solid[0].landmarks[17:]).all()
    assert (flat[0].landmarks[:17] != solid[0].landmarks[:17]).any()


def test_points_are_where_the_labels_of_the_series_are(folder):
    labels = label_series(SERIES, [2, 0])
    samples = read_dataset("synth", folder, "train")
    np.testing.assert_allclose(labels, [samples[2].landmarks, samples[0].landmarks], atol=1e-3)


def test_a_labels_file_that_is_missing_or_broken_is_named(folder, tmp_path):
    broken = tmp_path / "broken"
    (broken / "train").mkdir(parents=True)
    (broken / "synth.json").write_bytes((folder / "synth.json").read_bytes())
    for suffix in (".jpg", ".pts"):
        (broken / "train" / f"a{suffix}").write_bytes(picture_path(folder, 0).with_suffix(suffix).read_bytes())
    with pytest.raises(DatasetError, match=r"a\.npz: is not there"):
        read_dataset("synth", broken)
    (broken / "train" / "a.npz").write_bytes(b"not a zip")
    with pytest.raises(DatasetError, match=r"a\.npz: is not a readable"):
        read_dataset("synth", broken)


def test_reader_options_that_make_no_sense(folder):
    with pytest.raises(ValueError, match="`points` must be '2d' or '3d'"):
        read_dataset("synth", folder, points="4d")
    with pytest.raises(ValueError, match="are of markup '68'"):
        read_dataset("synth", folder, points="3d", markup="98")
    assert "synth" in list_datasets()


def test_the_miniature_has_the_layout_of_a_written_folder(folder, tmp_path):
    make_miniature("synth", tmp_path / "mini")
    arrays = []
    for root in (folder, tmp_path / "mini"):
        first = min(root.glob("train/0000/*.npz"))
        with np.load(first) as data:
            arrays.append({name: (data[name].shape, data[name].dtype.kind) for name in data.files})
    assert arrays[1].items() <= arrays[0].items()


def test_another_series_is_refused(folder):
    with pytest.raises(ValueError, match=r"another series: \['seed'\] differ"):
        write_series(replace(SERIES, seed=6), 3, folder, progress=False)
    card = json.loads((folder / "synth.json").read_text())
    assert card["head"]["license"] and card["definition"] and card["renderer"]


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="must be new, empty, or hold this series"):
        write_series(SERIES, 1, tmp_path, progress=False)
    with pytest.raises(ValueError, match="`count` must be at least 1"):
        write_series(SERIES, 0, tmp_path / "new", progress=False)
    assert not (tmp_path / "new").exists()


def test_the_command_writes_a_folder_and_a_sheet(tmp_path):
    run = CliRunner().invoke
    out = tmp_path / "set"
    options = ["--count", "1", "--size", "48", "--preset", "plain"]
    result = run(app, ["synth", "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    assert all(picture_path(out, 0).with_suffix(suffix).is_file() for suffix in SUFFIXES)
    assert run(app, ["synth", *options]).exit_code != 0


def test_a_sheet_shows_points_on_the_faces():
    sheet = landmark_sheet(SERIES, count=2, side=96, columns=2)
    assert sheet.shape == (96 + 24, 2 * 96, 3) and sheet.dtype == np.uint8
    green = (sheet == (0, 255, 0)).all(-1)
    x, y = label_series(SERIES, [0])[0, 30] * 1.5 + 0.25
    assert green[round(float(y)), round(float(x))]
    assert cv2.countNonZero(green.astype("uint8")) > 100


def test_other_backgrounds_are_another_series(tmp_path):
    """By what the folder holds, wherever it lies."""
    cards = []
    for folder, name in (("one", "a.png"), ("moved/one", "a.png"), ("two", "b.png")):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("RGB", (40, 40), "green").save(tmp_path / folder / name)
        cards.append(Series(size=32, scene=SceneConfig(backgrounds=str(tmp_path / folder))).card())
    assert cards[0] == cards[1] != cards[2]
    write_series(Series(size=32, scene=SceneConfig(backgrounds=str(tmp_path / "one"))), 1, tmp_path / "faces")
    Image.new("RGB", (40, 40), "red").save(tmp_path / "one" / "c.png")
    with pytest.raises(ValueError, match=r"another series: \['given'\] differ"):
        write_series(Series(size=32, scene=SceneConfig(backgrounds=str(tmp_path / "one"))), 2, tmp_path / "faces")
