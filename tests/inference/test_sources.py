"""What stands for many photos, and in which order arrays have their colors."""

import inspect

import numpy as np
import pytest
from PIL import Image

import kerasalign
from kerasalign.core.align_mixin import AlignOptions
from kerasalign.inference import Batch, Faces, align, align_video

BOX = (20, 20, 60, 60)
SQUARE = (30, 30, 49, 49)


def test_an_array_of_photos_is_a_batch(model, detector, make):
    photos = np.stack([make.photo([SQUARE]), make.photo([])])
    found = align(model, photos, detector=detector)
    assert isinstance(found, Batch) and [len(faces) for faces in found] == [1, 0]
    np.testing.assert_array_equal(found[0].image, photos[0])
    given = align(model, photos, boxes=[[BOX], [BOX, BOX]])
    assert [len(faces) for faces in given] == [1, 2]


def test_patterns_give_the_photos_that_match(model, detector, make, tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "a.png", "deep/c.png", "a[1].png"):
        Image.fromarray(make.photo([SQUARE])).save(tmp_path / name)
    (tmp_path / "a.txt").touch()
    found = align(model, f"{tmp_path}/[ab].*", detector=detector)
    assert isinstance(found, Batch) and [faces.source.name for faces in found] == ["a.png", "b.png"]
    assert len(align(model, str(tmp_path / "**" / "*.png"), detector=detector)) == 4
    # A file whose name looks like a pattern is that file.
    assert isinstance(align(model, tmp_path / "a[1].png", detector=detector), Faces)
    with pytest.raises(ValueError, match="No photo matches this pattern"):
        align(model, f"{tmp_path}/*.jpg")


@pytest.mark.parametrize("kind", ["one", "list", "array", "iterator"])
def test_arrays_of_opencv(model, detector, make, kind):
    """The square is saturated green, red and blue differ: swapped colors are seen in the crops."""
    photo = make.photo([SQUARE])
    photo[..., 0] = 200
    photo[30:50, 30:50, 0] = 20
    bgr = photo[..., ::-1].copy()
    source = {"one": bgr, "list": [bgr], "array": bgr[None], "iterator": iter([bgr])}[kind]
    found = align(model, source, detector=detector, color="bgr")
    faces = found if kind == "one" else next(iter(found))
    assert len(faces) == 1
    np.testing.assert_array_equal(faces.image, photo)
    with pytest.raises(ValueError, match="`color` must be one of"):
        align(model, bgr, color="hsv")


def test_gray_arrays_and_files_stay_as_they_are(model, detector, make, tmp_path):
    Image.fromarray(make.photo([SQUARE])).save(tmp_path / "a.png")
    gray = np.full((40, 50), 90, "uint8")
    alpha = np.dstack([make.photo([SQUARE])[..., ::-1], np.full((120, 160), 255, "uint8")])
    found = align(model, [tmp_path / "a.png", gray, alpha], detector=detector, color="bgr")
    assert [len(faces) for faces in found] == [1, 0, 1]


def test_frames_of_opencv(model, detector, make):
    frames = [make.photo([SQUARE])[..., ::-1]] * 2
    (first, _) = align_video(model, frames, detector=detector, fps=25, color="bgr")
    assert len(first.faces) == 1


def test_options_are_known_to_completion_and_to_align():
    options = set(AlignOptions.__annotations__)
    for function in (kerasalign.align, kerasalign.LandmarkModel.align):
        assert options <= set(inspect.signature(function).parameters)
    assert options - {"early_exit"} <= set(inspect.signature(align).parameters)
