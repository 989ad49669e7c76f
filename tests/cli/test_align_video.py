"""`kerasalign align` on a video."""

import json
import shutil

import numpy as np
import pytest

import kerasalign.inference.video.tracker
from kerasalign.datasets.miniature import draw_clip, write_clip
from kerasalign.inference import CallableDetector
from kerasalign.inference.video import VideoSource


@pytest.fixture
def clip(tmp_path, monkeypatch):
    frames, landmarks = draw_clip(np.random.default_rng(0), "5", 6, height=100, motion=0.0)
    write_clip(tmp_path / "clip.avi", frames)
    low, high = landmarks[0].min(0), landmarks[0].max(0)
    found = CallableDetector(lambda image: [[*low, *high]])
    monkeypatch.setattr(kerasalign.inference.video.tracker, "get_detector", lambda *asked: found)
    return tmp_path / "clip.avi"


def test_a_video_is_drawn_and_its_landmarks_written(command, five_dots, clip):
    run = command("align", clip, "--format", "json", "--smooth", "--out", "drawn")
    assert run.exit_code == 0
    assert "6 frames, 6 with a face, detector used 1 times -> drawn/clip_landmarks.mp4" in run.stdout
    assert VideoSource("drawn/clip_landmarks.mp4").count == 6
    told = json.loads((clip.parent / "drawn" / "clip_landmarks.json").read_text())
    assert told["fps"] == 25 and [frame["frame"] for frame in told["frames"]] == list(range(6))
    assert len(told["frames"][0]["faces"][0]["landmarks"]) == 5


def test_frames_as_rows_and_lines(command, five_dots, clip):
    for kind in ("csv", "jsonl"):
        assert command("align", clip, "--format", kind, "--out", "drawn").exit_code == 0
    rows = (clip.parent / "drawn" / "clip_landmarks.csv").read_text().splitlines()
    assert len(rows) == 7 and rows[0].startswith("frame,seconds,track,image")
    lines = (clip.parent / "drawn" / "clip_landmarks.jsonl").read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(6))
    for wrong in (("--format", "coco"), ("--json",)):
        run = command("align", clip, *wrong)
        assert run.exit_code == 1 and "video" in run.stderr


def test_boxes_are_for_photos(command, five_dots, clip):
    (clip.parent / "boxes.json").write_text("{}")
    run = command("align", clip, "--boxes", "boxes.json")
    assert run.exit_code == 1 and "`--boxes` are for photos" in run.stderr


def test_a_file_that_is_no_video(command, five_dots, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    run = command("align", tmp_path / "text.mp4")
    assert run.exit_code == 1 and "text.mp4: error: OpenCV cannot read this video" in run.stdout
    assert "Traceback" not in run.output


def test_videos_of_one_name_and_a_broken_one(command, five_dots, clip, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "other").mkdir()
    shutil.copy(clip, tmp_path / "other" / "clip.avi")
    run = command(
        "align", tmp_path / "text.mp4", clip, tmp_path / "other" / "clip.avi", "--format", "json", "--out", "drawn"
    )
    assert run.exit_code == 1
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [
        "clip_landmarks.json",
        "clip_landmarks.mp4",
        "clip_landmarks_2.json",
        "clip_landmarks_2.mp4",
    ]


def test_folders_of_videos_and_what_they_hold_besides(command, five_dots, clip, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(clip, folder / "one.avi")
    shutil.copy(clip, folder / "two.AVI")
    run = command("align", folder, "--out", folder / "drawn")
    assert run.exit_code == 0 and "no photos" not in run.stdout
    assert sorted(path.stem for path in (folder / "drawn").iterdir()) == ["one_landmarks", "two_landmarks"]
    again = command("align", folder, "--recursive", "--out", folder / "drawn")
    assert "drawn/one" not in again.stdout.replace("-> ", "").split("clips/one.avi")[0]
    assert len(list((folder / "drawn").iterdir())) == 2


def test_the_address_of_a_stream_reaches_opencv_as_it_is(command, five_dots):
    run = command("align", "rtsp://127.0.0.1:9//live?x=1")
    assert run.exit_code == 1 and "0 photos" not in run.stdout
    assert "rtsp://127.0.0.1:9//live?x=1: error: The camera or stream does not answer" in run.stdout


def test_an_empty_source_is_not_the_current_folder(command, five_dots, clip):
    run = command("align", "")
    assert run.exit_code == 1 and "SOURCE must not be empty" in run.stderr


def test_only_the_largest_faces(command, five_dots, clip):
    run = command("align", clip, "--max-faces", "1", "--out", "drawn")
    assert run.exit_code == 0 and "6 with a face" in run.stdout
