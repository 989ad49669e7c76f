"""`kerasalign align`: each photo is reported, the rest goes on."""

import json

import pytest
from PIL import Image

BOX = [20, 10, 80, 70]


@pytest.fixture
def boxes(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"a.jpg": [BOX, BOX], "b.png": [], "cut.jpg": [BOX], "text.jpg": [BOX]}))
    return path


def test_a_folder_with_broken_files(command, five_dots, folder, boxes):
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--json")
    lines = run.stdout.splitlines()
    assert lines[0].endswith("a.jpg: 2 faces -> drawn/a_landmarks.png")
    assert lines[1].endswith("b.png: no face")
    assert "cut.jpg: error: the image data is damaged or cut off" in lines[2]
    assert "text.jpg: error: the file is not an image" in lines[3]
    assert lines[-1] == "4 photos: 1 drawn, 1 without a face, 2 not readable"
    assert run.exit_code == 1

    folder_files = sorted(path.name for path in (folder.parent / "drawn").iterdir())
    assert folder_files == ["a_landmarks.png", "landmarks.json"]
    assert Image.open("drawn/a_landmarks.png").size == (100, 80)
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


def test_a_missing_photo(command, five_dots):
    run = command("align", "nowhere.jpg")
    assert "nowhere.jpg: error: there is no such file" in run.stdout
    assert run.exit_code == 1


def test_an_unpublished_preset_is_one_line(command, folder):
    from kerasalign import list_models

    name = list_models(available=False)[0]
    run = command("align", folder, "--model", name)
    assert run.exit_code == 1
    assert f"kerasalign train {name} --data DIR" in run.stderr
    assert "Traceback" not in run.output
