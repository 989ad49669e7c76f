"""Photos in, crops for a recognizer out."""

import logging

import numpy as np
import pytest
from PIL import Image

from kerasalign.inference import GivenBoxes
from kerasalign.markups import get_markup
from kerasalign.recognition import align_faces, align_main_faces, center_crop, norm_crop
from kerasalign.recognition.align import main_face
from tests.support.mean_shape import MeanShape

PHOTO = np.random.default_rng(0).integers(1, 256, (120, 160, 3)).astype("uint8")
BOXES = np.array([[10.0, 20.0, 60.0, 80.0], [80.0, 30.0, 150.0, 110.0]])


def expected(box, **options):
    landmarks = get_markup("68").mean_shape * (box[2:] - box[:2]).max() + (box[:2] + box[2:]) / 2
    return norm_crop(PHOTO, landmarks, **options).astype(int)


def test_a_photo_gives_its_faces_in_order():
    crops = align_faces(PHOTO, MeanShape(), boxes=BOXES)
    assert crops.shape == (2, 112, 112, 3)
    assert crops.dtype == np.uint8
    for crop, box in zip(crops, BOXES):
        np.testing.assert_allclose(crop, expected(box), atol=1)
    wide = align_faces(PHOTO, MeanShape(), boxes=BOXES[:1], size=128, method="full")
    np.testing.assert_allclose(wide[0], expected(BOXES[0], size=128, method="full"), atol=1)


def test_a_list_gives_a_list_and_no_face_an_empty_array(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    (tmp_path / "broken.png").write_text("no picture")
    photos = [tmp_path / "photo.png", PHOTO, tmp_path / "broken.png"]
    found = align_faces(photos, MeanShape(), boxes=[BOXES, [], BOXES])
    assert [crops.shape for crops in found] == [(2, 112, 112, 3), (0, 112, 112, 3), (0, 112, 112, 3)]
    assert align_faces(PHOTO, MeanShape(), boxes=[]).shape == (0, 112, 112, 3)


def test_the_main_face_is_large_and_near_the_middle():
    size = (160, 120)
    assert main_face(BOXES, size) == 1
    corner, middle = [0, 0, 42, 42], [60, 40, 100, 80]
    assert main_face(np.array([corner, middle]), size) == 1
    assert main_face(np.array([[0, 0, 150, 118], middle]), size) == 0


def test_main_faces_are_one_per_photo(caplog):
    with caplog.at_level(logging.WARNING):
        crops = align_main_faces([PHOTO, PHOTO], MeanShape(), boxes=[BOXES, []])
    np.testing.assert_allclose(crops[0], expected(BOXES[1]), atol=1)
    np.testing.assert_array_equal(crops[1], center_crop(PHOTO))
    assert "1 of 2 photos" in caplog.text
    assert align_main_faces([], MeanShape(), boxes=[]).shape == (0, 112, 112, 3)


def test_main_faces_of_photos_that_cannot_be_read(tmp_path):
    (tmp_path / "broken.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"broken\.png"):
        align_main_faces([tmp_path / "broken.png"], MeanShape(), boxes=[BOXES])
    assert not align_main_faces([tmp_path / "broken.png"], MeanShape(), boxes=[BOXES], on_error="skip").any()


def test_a_detector_is_asked_for_the_boxes():
    crops = align_faces(PHOTO, MeanShape(), detector=GivenBoxes(BOXES, name="landmarks"))
    np.testing.assert_array_equal(crops, align_faces(PHOTO, MeanShape(), boxes=BOXES))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (MeanShape(None), {}, "`model` must have a markup"),
        (MeanShape(), {"size": 100}, "`size` must be"),
        (MeanShape(), {"method": "three"}, "`method` must be"),
        ("no-such-model", {}, "no-such-model"),
    ],
)
@pytest.mark.parametrize("function", [align_faces, align_main_faces])
def test_bad_arguments_are_refused_before_a_photo_is_read(function, model, options, message):
    with pytest.raises(ValueError, match=message):
        function(["absent.jpg"], model, **options)
