"""Dim and flat photos are stretched for the detector, ordinary ones stay as they are."""

import numpy as np
import pytest

from kerasalign.detection.own.exposure import stretch_exposure
from kerasalign.geometry import box_iou
from kerasalign.inference import KerasAlignDetector
from kerasalign.runtimes.crops import BOX, PORTRAIT
from kerasalign.support.images import load_image


@pytest.fixture(scope="module")
def portrait():
    return load_image(PORTRAIT)


def test_an_ordinary_photo_is_the_same_object(portrait):
    assert stretch_exposure(portrait) is portrait
    black = np.zeros((20, 30, 3), "uint8")
    assert stretch_exposure(black) is black


@pytest.mark.parametrize("change", [lambda x: x * 0.1, lambda x: 110 + x * 0.1, lambda x: 225 + x * 0.1])
def test_a_dim_or_flat_photo_gets_its_contrast_back(portrait, change):
    changed = change(portrait.astype("float32")).round().astype("uint8")
    stretched = stretch_exposure(changed)
    assert stretched.shape == portrait.shape and stretched.dtype == np.uint8
    correlation = np.corrcoef(stretched.ravel().astype(float), portrait.ravel().astype(float))[0, 1]
    assert correlation > 0.97 and np.ptp(stretched) == 255 and np.ptp(changed) < 40


def test_the_face_of_a_dim_photo_is_found(portrait):
    detector = KerasAlignDetector(runtime="onnxruntime")
    dim = (portrait * 0.06).round().astype("uint8")
    (face,) = detector.detect(dim)
    assert box_iou(face.box, np.array(BOX)) > 0.5
    assert detector.verify_faces(dim, [face]) == [True]
