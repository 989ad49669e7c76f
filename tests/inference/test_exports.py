"""Results in files that others read, and as pictures: by hand and as they come."""

import csv
import json
import math
import sys
import types

import numpy as np
import pytest
from PIL import Image, ImageShow

from kerasalign.datasets import read_dataset
from kerasalign.inference import Batch, CocoSink, CsvSink, Face, Faces, PtsSink
from kerasalign.inference.video import VideoFrame
from kerasalign.markups import get_markup
from kerasalign.support.images import load_image

SHAPE = get_markup("5").mean_shape


@pytest.fixture
def batch(tmp_path):
    """Two faces in one photo, none in another, and a file that could not be read."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (200, 100), (90, 120, 150)).save(folder / name)
    partly = SHAPE * 30 + 150.123456
    partly[4] = np.nan
    faces = [
        Face(SHAPE * 40 + 50, (30, 30, 70, 75), "5", score=0.75, error=2.5),
        Face(partly, (130, 20, 180, 80), "5", failed=True),
    ]
    return Batch(
        [
            Faces(faces, "5", folder / "a.png", (200, 100)),
            Faces([], "5", folder / "b.png", (200, 100)),
            Faces([], "5", folder / "c.png", problem="the file is empty"),
        ]
    )


def test_csv_is_what_the_reader_takes(batch, tmp_path):
    text = batch.to_csv(tmp_path / "train.csv")
    rows = list(csv.DictReader(text.splitlines()))
    assert (tmp_path / "train.csv").read_text() == text.replace("\r\n", "\n") and len(rows) == 2
    assert rows[0]["image"] == "photos/a.png" and rows[0]["score"] == "0.75" and rows[0]["failed"] == "0"
    assert rows[1]["x4"] == "" and rows[1]["error"] == "" and rows[1]["yaw"] == "" and rows[1]["face"] == "1"
    found = read_dataset("csv", tmp_path, "train", markup="5")
    for face, sample in zip(batch[0], found, strict=True):
        np.testing.assert_allclose(sample.landmarks, face.landmarks, atol=1e-4)
        np.testing.assert_allclose(sample.boxes["detector"], face.box)


def test_coco_is_what_the_reader_takes(batch, tmp_path):
    document = batch.to_coco(tmp_path / "train.json")
    assert json.loads((tmp_path / "train.json").read_text()) == document
    assert [image["file_name"] for image in document["images"]] == ["photos/a.png", "photos/b.png"]
    kind = document["categories"][0]
    assert len(set(kind["keypoints"])) == 5 and kind["keypoints"][2] == "nose_2"
    assert all(1 <= point <= 5 for edge in kind["skeleton"] for point in edge)
    first, second = document["annotations"]
    assert (first["id"], second["id"], second["image_id"], second["num_keypoints"]) == (1, 2, 1, 4)
    assert first["bbox"] == [30, 30, 40, 45] and first["area"] == 1800 and first["score"] == 0.75
    assert second["keypoints"][-3:] == [0, 0, 0]
    found = read_dataset("coco", tmp_path, "train", markup="5")
    for face, sample in zip(batch[0], found, strict=True):
        np.testing.assert_allclose(sample.landmarks, face.landmarks, atol=1e-4)


def test_pts_is_what_the_reader_takes(batch, tmp_path, caplog):
    files = batch.to_pts(tmp_path / "photos")
    assert [path.name for path in files] == ["a.pts"] and "a_2" in caplog.text
    (sample,) = read_dataset("pts", tmp_path / "photos", "all", markup="5")
    np.testing.assert_allclose(sample.landmarks, batch[0][0].landmarks, atol=1e-4)
    assert [path.name for path in Batch([batch[0][:1], batch[0][:1]]).to_pts(tmp_path / "pts")] == ["a.pts", "a_2.pts"]


def test_a_table_of_pandas(batch, monkeypatch):
    pandas = pytest.importorskip("pandas")
    table = batch.to_dataframe()
    assert table.shape == (2, 22) and list(table["face"]) == [0, 1] and table["x0"][0] == batch[0][0].landmarks[0, 0]
    assert math.isnan(table["x4"][1]) and table["failed"].tolist() == [False, True]
    assert batch[0][1].to_dataframe()["face"].tolist() == [0]
    empty = batch[1].to_dataframe()
    assert isinstance(empty, pandas.DataFrame) and len(empty) == 0 and "y4" in empty.columns
    assert "image" in Batch([]).to_dataframe().columns and Batch([]).to_csv().startswith("image,")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"kerasalign\[pandas\]"):
        batch.to_dataframe()


@pytest.mark.parametrize(
    ("sink", "name"), [(CsvSink, "landmarks.csv"), (CocoSink, "landmarks.json")], ids=["csv", "coco"]
)
def test_a_stop_loses_nothing(batch, tmp_path, sink, name):
    path = tmp_path / "out" / name
    with pytest.raises(KeyboardInterrupt), sink(path) as target:
        for faces in batch:
            target.write(faces)
        if name.endswith("csv"):
            assert len(path.read_text().splitlines()) == 3  # each row is there at once
        raise KeyboardInterrupt
    batch.to_csv(tmp_path / "out" / "whole.csv")
    batch.to_coco(tmp_path / "out" / "whole.json")
    whole = path.with_name(f"whole{path.suffix}").read_text()
    read = json.loads if path.suffix == ".json" else str.splitlines
    assert read(path.read_text()) == read(whole)
    assert not list(path.parent.glob("*.partial*"))


def test_a_stop_before_the_first_photo_keeps_an_older_file(tmp_path):
    path = tmp_path / "landmarks.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="early"), CocoSink(path):
        raise ValueError("early")
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_frames_of_a_video_as_rows(batch, tmp_path):
    with CsvSink(tmp_path / "video.csv") as sink:
        sink.write_frame(VideoFrame(7, 0.28, batch[0], (3, 5), True))
        with pytest.raises(ValueError, match="one markup"):
            sink.write(batch[0])
    rows = list(csv.DictReader((tmp_path / "video.csv").read_text().splitlines()))
    assert [(row["frame"], row["seconds"], row["track"]) for row in rows] == [("7", "0.28", "3"), ("7", "0.28", "5")]


def test_a_folder_that_is_a_file_is_refused_before_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="path"), PtsSink(tmp_path / "file"):
        pass


def test_pictures_are_saved(batch, tmp_path):
    assert batch[0].save(tmp_path / "a.jpg", color="red") == [tmp_path / "a.jpg"]
    assert [path.name for path in batch.save(tmp_path / "drawn")] == ["a.png", "b.png"]
    batch[0][0].save(tmp_path / "face.png", size=64)
    assert load_image(tmp_path / "a.jpg").shape == (100, 200, 3)
    assert load_image(tmp_path / "face.png").shape == (64, 64, 3)
    with pytest.raises(ValueError, match="unknown file extension"):
        batch[0].save(tmp_path / "a.nothing")
    assert not (tmp_path / "a.nothing").exists()


def test_notebooks_show_pictures(batch):
    for thing in (batch, batch[0], batch[0][0], VideoFrame(0, 0.0, batch[0], (1, 2), True)):
        assert thing._repr_png_().startswith(b"\x89PNG") and "<img src=" in thing._repr_html_()
    assert "Batch(3 photos, 2 faces, 1 errors)" in batch._repr_html_()
    large = Faces([], "5", image=np.zeros((900, 1800, 3), "uint8"))
    assert load_image(large._repr_png_()).shape == (400, 800, 3)
    for without in (batch[2], Batch([]), Face(SHAPE * 9, (0, 0, 9, 9), "5"), Faces([], "5")):
        assert without._repr_png_() is None and without._repr_html_().startswith("<code>")
    assert "&lt;b&gt;" in Faces([], "5", source="<b>.jpg")._repr_html_()


def test_show_opens_a_window_or_the_notebook_s_picture(batch, monkeypatch):
    shown = []
    monkeypatch.setattr(ImageShow, "show", lambda picture: shown.append(picture.size) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    batch[0].show()
    assert shown == [(200, 100)]
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if sys.platform == "linux":
        with pytest.raises(OSError, match="use `save"):
            batch[0].show()
    kernel = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=object()))
    display = types.SimpleNamespace(display=lambda picture: shown.append("in the notebook"))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    batch[0].show()
    assert shown[1:] == ["in the notebook"]
