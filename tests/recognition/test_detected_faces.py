"""Crops by a detector's own points."""

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection import Detection
from kerasalign.detection.base import Detector
from kerasalign.recognition import align_detected_faces, center_crop, norm_crop
from kerasalign.recognition.template import template5

POINTS = template5(112) * 1.5 + (120, 40)


class Pointer(Detector):
    name = "pointer"

    def __init__(self, points=POINTS, faces=2):
        self.points, self.faces = points, faces

    def detect(self, image):
        small = Detection(np.array([0.0, 0.0, 5.0, 5.0]), points=POINTS + 50)
        large = Detection(np.array([120.0, 40.0, 290.0, 210.0]), points=self.points)
        return [small, large][: self.faces]


def test_the_main_face_is_cut_by_the_detector_s_points(tmp_path):
    photo = np.random.default_rng(0).integers(0, 256, (260, 420, 3)).astype("uint8")
    Image.fromarray(photo).save(tmp_path / "photo.png")
    crops = align_detected_faces([photo, tmp_path / "photo.png"], Pointer())
    assert crops.shape == (2, 112, 112, 3) and crops.dtype == np.uint8
    np.testing.assert_array_equal(crops[0], norm_crop(photo, POINTS, 112, "5"))
    np.testing.assert_array_equal(crops[1], crops[0])


def test_a_photo_without_a_face_gives_its_middle(caplog):
    photo = np.random.default_rng(0).integers(0, 256, (260, 420, 3)).astype("uint8")
    np.testing.assert_array_equal(align_detected_faces([photo], Pointer(faces=0))[0], center_crop(photo, 112))
    assert "1 of 1 photos" in caplog.text
    with pytest.raises(ValueError, match="must give five points"):
        align_detected_faces([photo], Pointer(np.zeros((0, 2))))
