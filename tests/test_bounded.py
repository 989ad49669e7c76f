"""Input that would make us work: what it may cost is decided before the work."""

import io
import os
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from kerasalign.detection import GivenBoxes
from kerasalign.detection.adapters import MOST_BOXES
from kerasalign.markups import Markup, load_markup
from kerasalign.support.bounded import parse_json, parse_yaml, read_bytes
from kerasalign.support.images import ImageError, load_image, open_photo
from kerasalign.support.videos import open_video
from tests.support.limits import bounded

SHAPE = "[[0, 0], [1, 0], [2, 1], [3, 3]]"


@pytest.fixture
def sparse(tmp_path):
    """A file of 40 GB that takes no space."""
    path = tmp_path / "large.jpg"
    with path.open("wb") as stream:
        try:
            os.truncate(stream.fileno(), 40 * 2**30)
        except OSError:
            pytest.skip("the file system has no files of this size")
    return path


def test_a_huge_file_is_not_read(sparse):
    with bounded(1, 1), pytest.raises(ImageError, match=r"has 42,949,672,960 bytes, more than 1,073,741,824"):
        load_image(sparse)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with bounded(1, 1), pytest.raises(ImageError, match="not a regular file, but a pipe or a device"):
        load_image(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe.json")
    with bounded(1, 1), pytest.raises(ValueError, match=r"pipe\.json: not a markup file: it is not a regular file"):
        load_markup(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pipe.mp4")
    with bounded(1, 1), pytest.raises(ValueError, match="not a regular file"):
        open_video(tmp_path / "pipe.mp4")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")  # noqa: PTH110
def test_a_device_without_an_end_is_not_read():
    with bounded(1, 1), pytest.raises(ImageError, match="a pipe or a device"):
        load_image("/dev/zero")


def test_a_file_that_grows_is_cut(tmp_path):
    (tmp_path / "x").write_bytes(bytes(100))
    assert read_bytes(tmp_path / "x", 100) == bytes(100)
    with pytest.raises(ValueError, match="has 100 bytes, more than 99"):
        read_bytes(tmp_path / "x", 99)


BOMBS = {
    "a range of 300 million points": f"parts: {{face: 0-300000000}}\nmean_shape: {SHAPE}",
    "a range of 10**4000": f"parts: {{face: 0-{'9' * 4000}}}\nmean_shape: {SHAPE}",
    "the same range again and again": f"parts: {{face: [{'0-3, ' * 5_000}]}}\nmean_shape: {SHAPE}",
    "a hundred thousand points": f"mean_shape: [{'[0, 1], ' * 100_000}]",
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghij", "bcdefghijk"))
    + f"mean_shape: {SHAPE}",
    "an alias of itself": f"parts: &p {{face: *p}}\nmean_shape: {SHAPE}",
    "lists in lists": f"parts: {'[' * 20_000}{']' * 20_000}\nmean_shape: {SHAPE}",
    "lists in lists by dashes": f"parts: {{face: [0]}}\nx:\n  {'- ' * 50_000}1\nmean_shape: {SHAPE}",
    "a question of a question": f"x:\n  {'? ' * 50_000}1\nmean_shape: {SHAPE}",
    "too many groups": "parts: {" + ", ".join(f"g{i}: [0]" for i in range(1001)) + f"}}\nmean_shape: {SHAPE}",
    "ten megabytes": "# " + "x" * 10_000_000 + f"\nmean_shape: {SHAPE}",
    "a number of 10**400": f"mean_shape: [[0, {10**400}], [1, 0]]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_markup_that_would_make_us_work(tmp_path, name):
    path = tmp_path / "markup.yaml"
    path.write_text(f'name: "bomb"\nflip_pairs: []\n{BOMBS[name]}\n')
    with bounded(10, 100), pytest.raises(ValueError, match=r"markup\.yaml"):
        load_markup(path)


def test_nested_json(tmp_path):
    for text in ("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000):
        with bounded(2, 50), pytest.raises(ValueError, match="nested too deep"):
            parse_json(text)
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]
    with pytest.raises(ValueError, match="aliases are not allowed"):
        parse_yaml("a: &x 1\nb: *x")
    assert parse_yaml("a: &x 1\nb: [2]") == {"a": 1, "b": [2]}


def test_a_markup_whose_points_are_equal():
    five = {"name": "flat", "num_points": 2, "parts": {}, "flip": (0, 1), "eyes": {}, "boundaries": {}}
    with pytest.raises(ValueError, match="`mean_shape` must be spread out"):
        Markup(**five, mean_shape=np.ones((2, 2)))
    with pytest.raises(ValueError, match="`name` must have 1 to 100 characters"):
        Markup(**five | {"name": "x" * 5000}, mean_shape=np.eye(2))


def test_more_boxes_than_a_photo_has_faces():
    boxes = np.tile([0, 0, 10, 10], (3000, 1))
    with bounded(1, 10), pytest.raises(ValueError, match=f"at most {MOST_BOXES} faces of one photo. Received: 3000"):
        GivenBoxes(boxes)
    assert len(GivenBoxes(boxes[:MOST_BOXES]).detect(np.zeros((1, 1, 3), "uint8"))) == MOST_BOXES
    with pytest.raises(ValueError, match="must be"):
        GivenBoxes([[10**400, 0, 1, 1]])


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(program) print\nshowpage\n%%EOF\n"


@pytest.mark.parametrize("suffix", ["jpg", "png", "eps"])
def test_postscript_starts_no_program(tmp_path, monkeypatch, suffix):
    import subprocess

    def started(*arguments, **options):
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", started)
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(EPS)
    for source in (path, EPS):
        with pytest.raises(ImageError, match="not an image of a known format"):
            load_image(source)
    with Image.open(io.BytesIO(EPS)) as image:
        assert image.format == "EPS"  # Pillow alone would


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF"])
def test_the_formats_that_are_promised(format):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "gray").save(stream, format)
    with open_photo(stream) as image:
        assert image.format == format


@pytest.mark.parametrize("format", ["ICO", "TGA", "PCX", "SGI"])
def test_formats_that_nobody_asked_for(format):
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "gray").save(stream, format)
    with pytest.raises(ImageError, match="known format"):
        load_image(stream.getvalue())


def test_a_format_of_a_plug_in_of_the_user(monkeypatch):
    class Plugin(Image.Image):
        format = "MINE"

    def opener(stream, name):
        return Image.new("RGB", (3, 2), "red")

    Image.register_open("MINE", opener, lambda start: start.startswith(b"MINE"))
    try:
        assert load_image(b"MINE and more").shape == (2, 3, 3)
    finally:
        del Image.OPEN["MINE"]
        Image.ID.remove("MINE")


PLAYLISTS = {
    "HLS": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "DASH": b'<?xml version="1.0"?>\n<MPD></MPD>',
    "with spaces": b"\xef\xbb\xbf\r\n #EXTM3U\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_named_as_a_video_opens_no_other_file(tmp_path, name):
    path = tmp_path / "clip.mp4"
    path.write_bytes(PLAYLISTS[name])
    with pytest.raises(ValueError, match="it is a playlist, which names other files"):
        open_video(path)


def test_no_pipeline_and_no_pattern_of_names(tmp_path, monkeypatch):
    """OpenCV would run the first in GStreamer, and read pictures by the second."""
    used = []

    class Capture:
        def open(self, source, back_end):
            used.append(back_end)
            return False

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    with pytest.raises(ValueError, match="not a regular file"):
        open_video("videotestsrc ! appsink")
    with pytest.raises(ValueError, match="not a regular file"):
        open_video(tmp_path / "frame_%03d.png")
    open_video("rtspsrc location=rtsp://127.0.0.1/x ! appsink")
    (tmp_path / "clip.mp4").write_bytes(struct.pack(">I", 24) + b"ftypisom" + bytes(12))
    open_video(tmp_path / "clip.mp4")
    assert used and not {cv2.CAP_GSTREAMER, cv2.CAP_IMAGES} & set(used)
