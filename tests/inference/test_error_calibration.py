"""Error estimates in percent of the inter-ocular distance, and the faces that fail by them."""

import numpy as np
import pytest

from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.inference import align
from kerasalign.inference.video import FaceTracker

BOX = (50, 30, 90, 70)


def calibration(**changes):
    fields = {"estimates": (2.0, 4.0), "errors": (3.0, 8.0), "failure_threshold": 9.0, "sha256": "a" * 64, "faces": 5}
    return ErrorCalibration(**fields | changes)


def test_the_map_is_straight_between_its_points_and_goes_on():
    found = calibration().calibrate([0.0, 1.0, 2.0, 3.0, 4.0, 6.0, np.nan])
    np.testing.assert_allclose(found, [0.0, 1.5, 3.0, 5.5, 8.0, 13.0, np.nan])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"estimates": (2.0, 2.0)}, "`estimates` must be two or more ascending"),
        ({"errors": (0.0, 2.0)}, "`errors` must be two or more ascending"),
        ({"errors": (1.0,)}, "`errors` must be two or more"),
        ({"errors": (1.0, 2.0, 3.0)}, "3 errors, 2 estimates"),
        ({"failure_threshold": 0.0}, "`failure_threshold` must be a positive"),
    ],
)
def test_wrong_numbers_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        calibration(**changes)


@pytest.mark.parametrize(("estimate", "error", "failed"), [(3.0, 5.5, False), (6.0, 13.0, True)])
def test_align_reports_calibrated_errors(make, detector, estimate, error, failed):
    model = make.model(error=estimate, failed=False)
    model.error_calibration = calibration()
    (face,) = align(model, make.photo([BOX]), detector=detector)
    assert face.error == pytest.approx(error) and face.failed is failed


def test_a_threshold_of_the_model_s_own_decides(make, detector):
    model = make.model(error=6.0, failed=False)
    model.error_calibration, model.failure_threshold = calibration(), 20.0
    (face,) = align(model, make.photo([BOX]), detector=detector)
    assert face.error == pytest.approx(13.0) and not face.failed


def test_faces_above_max_error_are_left_out(make, detector):
    photo = make.photo([BOX, (100, 30, 140, 70)])
    model = make.model(error=6.0)
    assert len(align(model, photo, detector=detector, max_error=6.5)) == 2
    model.error_calibration = calibration()
    assert len(align(model, photo, detector=detector, max_error=13.5)) == 2
    assert len(align(model, photo, detector=detector, max_error=12.5)) == 0
    assert len(align(make.model(), photo, detector=detector, max_error=1.0)) == 2  # it does not estimate its error
    with pytest.raises(ValueError, match=r"`max_error` must be .*Received: max_error=0"):
        align(model, photo, detector=detector, max_error=0)


def test_a_face_that_is_followed_may_be_above_the_threshold(make, detector):
    model = make.model(error=5.0)  # 10.5 % by the calibration: above its threshold, below the tracker's own
    model.error_calibration = calibration()
    tracker = FaceTracker(model, detector)
    assert [len(tracker.update(make.photo([BOX]), second)) for second in (0.0, 0.1)] == [1, 1]
