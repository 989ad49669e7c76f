"""`kerasalign align` while it is stopped, or where its files and folders cannot be used."""

import json
import os
import signal

import pytest

from kerasalign.inference import Faces

BOX = [20, 10, 80, 70]


@pytest.fixture
def boxes(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"a.jpg": [BOX], "b.png": [BOX], "cut.jpg": [BOX], "text.jpg": [BOX]}))
    return path


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_keeps_what_was_found(command, five_dots, folder, boxes, tmp_path, monkeypatch, request, name):
    if not hasattr(signal, name):
        pytest.skip("this system has no such signal")
    number = getattr(signal, name)
    # As in a terminal: under nohup SIGHUP is ignored.
    outside = signal.signal(number, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(number, outside))
    draw = Faces.draw

    def stop_at_the_second(faces):
        if faces.source.name == "b.png":
            signal.raise_signal(number)
        return draw(faces)

    monkeypatch.setattr(Faces, "draw", stop_at_the_second)
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json")
    assert run.exit_code == 128 + number and f"stopped by {name}" in run.stderr
    assert [len(photo["faces"]) for photo in json.loads((tmp_path / "drawn" / "landmarks.json").read_text())] == [1, 1]
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["a_landmarks.png", "landmarks.json"]
    assert signal.getsignal(number) == signal.SIG_DFL


def test_each_photo_is_on_disk_before_the_next(command, five_dots, folder, boxes, tmp_path, monkeypatch):
    lines = []

    def read_lines(faces):
        lines.append((tmp_path / "drawn" / "landmarks.partial.jsonl").read_text().splitlines())
        raise OSError("no space")

    monkeypatch.setattr(Faces, "draw", read_lines)
    command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json")
    assert [len(seen) for seen in lines] == [1, 2]
    assert json.loads(lines[1][1])["faces"][0]["box"] == BOX


@pytest.mark.parametrize("out", ["a file", "landmarks.json is a folder"])
def test_outputs_are_checked_before_the_model_is_loaded(command, five_dots, folder, boxes, tmp_path, out):
    if out == "a file":
        (tmp_path / "drawn").write_text("")
    else:
        (tmp_path / "drawn" / "landmarks.json").mkdir(parents=True)
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json")
    assert run.exit_code == 1 and "Received: " in run.stderr and "drawn" in run.stderr
    assert not five_dots


def test_an_error_before_the_first_photo_leaves_older_results(command, folder, boxes, tmp_path):
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "landmarks.json").write_text("[1]")
    run = command("align", folder, "--boxes", boxes, "--out", "drawn", "--format", "json", "--model", "no-such")
    assert run.exit_code == 1 and [path.read_text() for path in (tmp_path / "drawn").iterdir()] == ["[1]"]


def test_a_photo_without_permission_does_not_stop_the_others(command, five_dots, folder, boxes, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, *rest, **more: "text" not in str(path) and access(path, *rest))
    run = command("align", folder / "text.jpg", folder / "a.jpg", "--boxes", boxes)
    assert run.exit_code == 1 and "text.jpg: error" in run.stdout and "2 photos: 1 drawn" in run.stdout


def test_a_folder_that_cannot_be_listed_is_reported(command, five_dots, folder, boxes, monkeypatch):
    (folder / "locked").mkdir()
    scandir = os.scandir

    def refuse(path="."):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    run = command("align", folder, "--recursive", "--boxes", boxes)
    assert run.exit_code == 1 and "locked: error: the folder cannot be listed (Permission denied)" in run.stdout
    assert "2 drawn" in run.stdout
