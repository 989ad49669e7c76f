"""`kerasalign demo` on the portrait, with the detector, end to end."""

import sys

from PIL import Image


def test_draws_the_portrait(command, five_dots):
    run = command("demo")
    assert run.exit_code == 0
    assert "1 face with 5 points" in run.stdout
    assert "kerasalign_demo.png" in run.stdout.replace("\n", "")
    with Image.open("kerasalign_demo.png") as drawn:
        assert drawn.size == (512, 512)


def test_a_photo_without_a_face(command, five_dots, tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "black.png")
    run = command("demo", "black.png", "--out", "drawn.png")
    assert run.exit_code == 1
    assert "No face was found" in run.stderr
    assert not (tmp_path / "drawn.png").exists()


def test_names_the_extra_that_is_missing(command, five_dots, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    run = command("demo")
    assert run.exit_code == 1
    assert "kerasalign[demo]" in run.stderr
