"""`kerasalign align`: each photo is reported, the rest goes on."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

BOX = [20, 10, 80, 70]


@pytest.fixture
def boxes(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"a.jpg": [BOX, BOX], "b.png": [], "cut.jpg": [BOX], "text.jpg": [BOX]}))
    return path


def test_a_folder_with_broken_files(command, five_dots, folder, boxes):
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json")
    lines = run.stdout.splitlines()
    assert lines[0].endswith("a.jpg: 2 faces -> drawn/a_landmarks.png")
    assert lines[1].endswith("b.png: no face")
    assert "cut.jpg: error: the image data is damaged or cut off" in lines[2]
    assert "text.jpg: error: the file is not an image" in lines[3]
    assert lines[-1] == "4 photos: 1 drawn, 1 without a face, 2 not readable"
    assert run.exit_code == 1

    folder_files = sorted(path.name for path in (folder.parent / "drawn").iterdir())
    assert folder_files == ["a_landmarks.png", "landmarks.json"]
    with Image.open("drawn/a_landmarks.png") as drawn:
        assert drawn.size == (100, 80)
    photos = json.loads((folder.parent / "drawn" / "landmarks.json").read_text())
    assert [len(photo["faces"]) for photo in photos] == [2, 0, 0, 0]
    assert photos[2]["problem"] and not photos[0]["problem"]


def test_exit_code_without_broken_files(command, five_dots, folder, boxes):
    run = command("align", folder / "a.jpg", folder / "b.png", "--boxes", boxes)
    assert run.exit_code == 0
    assert "2 photos: 1 drawn, 1 without a face, 0 not readable" in run.stdout


def test_photos_of_one_name_keep_their_own_pictures(command, five_dots, folder, tmp_path):
    (tmp_path / "other").mkdir()
    (folder / "a.jpg").rename(tmp_path / "other" / "b.jpg")
    (tmp_path / "boxes.json").write_text(json.dumps({"b.jpg": [BOX], "b.png": [BOX]}))
    run = command("align", tmp_path / "other", folder / "b.png", "--boxes", "boxes.json", "--out", "drawn")
    assert run.exit_code == 0
    assert sorted(p.name for p in (tmp_path / "drawn").iterdir()) == ["b_landmarks.png", "b_landmarks_2.png"]


def test_model_and_weights_are_passed_on(command, five_dots, folder, boxes, tmp_path):
    (tmp_path / "w.weights.h5").touch()
    options = ("--model", "musica-300w", "--weights", "w.weights.h5", "--runtime", "litert")
    command("align", folder / "a.jpg", "--boxes", boxes, *options)
    name, weights, runtime = five_dots[0]
    assert (name, str(weights), runtime) == ("musica-300w", "w.weights.h5", "litert")


@pytest.mark.parametrize("content", ["[[1, 2, 3, 4]]", '{"other.jpg": []}', "{"])
def test_wrong_boxes_are_refused_before_work(command, five_dots, folder, tmp_path, content):
    (tmp_path / "boxes.json").write_text(content)
    run = command("align", folder / "a.jpg", "--boxes", "boxes.json")
    assert run.exit_code != 0
    assert not five_dots


def test_an_empty_folder(command, five_dots, tmp_path):
    (tmp_path / "empty").mkdir()
    run = command("align", tmp_path / "empty")
    assert "no photos in this folder" in run.stdout


def test_a_drawing_that_cannot_be_written(command, five_dots, folder, boxes, tmp_path):
    (tmp_path / "drawn" / "a_landmarks.png").mkdir(parents=True)
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json")
    assert run.exit_code == 1 and "a.jpg: error: 2 faces, but the drawing cannot be written" in run.stdout
    assert run.stdout.splitlines()[-1].endswith("4 photos: 0 drawn, 1 without a face, 2 not readable, 1 not writable")
    assert len(json.loads((tmp_path / "drawn" / "landmarks.json").read_text())[0]["faces"]) == 2


def test_what_was_found_before_an_interruption_is_kept(command, five_dots, folder, boxes, tmp_path, monkeypatch):
    from kerasalign.inference import Faces

    def interrupt(faces):
        raise KeyboardInterrupt

    monkeypatch.setattr(Faces, "draw", interrupt)
    assert command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json").exit_code != 0
    assert len(json.loads((tmp_path / "drawn" / "landmarks.json").read_text())[0]["faces"]) == 2


def test_landmarks_without_drawings(command, five_dots, folder, boxes, tmp_path):
    run = command("align", folder / "a.jpg", "--boxes", boxes, "--out", "told", "--format", "json", "--no-draw")
    assert run.exit_code == 0 and "1 photo: 1 with faces" in run.stdout
    assert [path.name for path in (tmp_path / "told").iterdir()] == ["landmarks.json"]


def test_drawings_of_an_earlier_run_are_no_photos(command, five_dots, folder, boxes):
    for _ in range(2):
        run = command("align", ".", "--recursive", "--boxes", boxes)
        assert "4 photos: 1 drawn" in run.stdout


def test_names_that_the_output_cannot_spell():
    code = "from kerasalign.cli.console import say; say('写.jpg: \u00e9')"
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONIOENCODING": "cp1252"}, check=True, capture_output=True
    )
    assert run.stdout.strip() == b"\\u5199.jpg: \xe9"


def test_options_of_the_detector(command, five_dots, folder, boxes, monkeypatch):
    made = []
    monkeypatch.setattr(
        "kerasalign.inference.KerasAlignDetector.detect_many",
        lambda self, images: made.append((self.size, self.min_score, self.runtime)) or [[] for _ in images],
    )
    command("align", folder / "a.jpg", "--detector-size", "512", "--min-score", "0.3", "--runtime", "onnxruntime")
    assert made == [(512, 0.3, "onnxruntime")]
    for wrong in (("--detector", "mtcnn"), ("--boxes", boxes)):
        run = command("align", folder / "a.jpg", "--detector-size", "512", *wrong)
        assert run.exit_code == 1 and f"Received: {wrong[0]}" in run.stderr


def test_a_missing_photo(command, five_dots):
    run = command("align", "nowhere.jpg")
    assert "nowhere.jpg: error: there is no such file" in run.stdout
    assert run.exit_code == 1
    assert not five_dots  # said before anything is loaded


@pytest.mark.parametrize(
    ("kind", "file"),
    [("jsonl", "landmarks.jsonl"), ("csv", "landmarks.csv"), ("coco", "coco.json"), ("pts", "a.pts")],
)
def test_every_format_is_written(command, five_dots, folder, boxes, tmp_path, kind, file):
    run = command("align", folder / "a.jpg", "--boxes", boxes, "--out", "told", "--no-draw", "--format", kind)
    assert run.exit_code == 0 and (tmp_path / "told" / file).is_file(), run.output
    assert not list((tmp_path / "told").glob("*.partial*"))


def test_json_is_what_python_gives(command, five_dots, folder, boxes):
    run = command("align", folder / "a.jpg", folder / "b.png", "--boxes", boxes, "--json", "--no-draw")
    photos = json.loads(run.stdout)
    assert [len(photo["faces"]) for photo in photos] == [2, 0] and "2 photos: 1 with faces" in run.stderr
    assert photos[0]["faces"][0].keys() >= {"landmarks", "box", "pose"}


def test_patterns_are_sources(command, five_dots, folder, boxes):
    run = command("align", f"{folder}/[ab].*", "--boxes", boxes)
    assert run.exit_code == 0 and "2 photos: 1 drawn, 1 without a face" in run.stdout
    assert "No photo matches this pattern" in command("align", f"{folder}/*.bmp").stderr


def test_an_unpublished_preset_is_one_line(command, folder):
    from kerasalign import list_models

    name = list_models(available=False)[0]
    run = command("align", folder, "--model", name)
    assert run.exit_code == 1
    assert f"kerasalign train {name} --data DIR" in run.stderr
    assert "Traceback" not in run.output
