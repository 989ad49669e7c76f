"""300VW by category, frame by frame and followed."""

import numpy as np
import pytest

from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.evaluation import evaluate_model, evaluate_tracking
from kerasalign.geometry import CropSpec, tight_box
from kerasalign.inference import CallableDetector
from kerasalign.markups import get_markup

PROTOCOLS = ["300vw-category1-inter_pupil", "300vw-category3-inter_ocular"]


class Middle:
    """Puts the mean shape into the middle of every crop, as large as the box."""

    name = "middle"
    markup = get_markup("68")
    crop_spec = CropSpec(size=64, scale=1.6)

    runtime = "keras"

    def predict_crops(self, crops, **options):
        return {"landmarks": np.tile(self.markup.mean_shape * 40 + 31.5, (len(crops), 1, 1))}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300vw", tmp_path_factory.mktemp("videos") / "300vw", faces=6)


@pytest.fixture(scope="module")
def truth(data):
    """Box of each first frame, by the picture's own bytes."""
    samples = [s for part in ("category1", "category3") for s in read_dataset("300vw", data, part)]
    return {sample.read_image().tobytes(): tight_box(sample.landmarks) for sample in samples}


def test_frames_by_category(data):
    report = evaluate_model(Middle(), data, PROTOCOLS, n_bootstrap=0)
    assert [len(evaluation.nmes) for evaluation in report.evaluations] == [2 * 6 + 29, 2 * 6 + 12]
    assert all(0 < evaluation.nme < 30 for evaluation in report.evaluations)
    assert not report.missed


def test_followed_faces_are_found_once(data, truth):
    looks = []
    detector = CallableDetector(lambda image: looks.append(1) or [truth[image.tobytes()]])
    report = evaluate_tracking(Middle(), data, PROTOCOLS, detector=detector, n_bootstrap=0)
    assert len(looks) == 31 + 14 and not report.missed
    assert {evaluation.protocol.box_source for evaluation in report.evaluations} == {"detector:callable_tracked"}
    # The model stays where the face was found, so later frames are no better.
    by_frame = evaluate_model(Middle(), data, PROTOCOLS, n_bootstrap=0)
    assert report.evaluations[0].nme >= by_frame.evaluations[0].nme


def test_what_is_not_found_is_missed(data):
    def blind_at_first(image, calls=[]):  # noqa: B006
        calls.append(1)
        return [(20, 20, 150, 150)] if len(calls) > 3 else []

    report = evaluate_tracking(Middle(), data, PROTOCOLS[:1], detector=CallableDetector(blind_at_first), n_bootstrap=0)
    assert report.missed[:3] == ("114/000001", "114/000002", "114/000003") and report.evaluations[0].nme > 0


def test_a_data_set_without_videos_is_refused(tmp_path):
    data = make_miniature("300w", tmp_path / "300w")
    with pytest.raises(ValueError, match="data set of videos"):
        evaluate_tracking(Middle(), data, ["300w-common-inter_pupil"], detector=CallableDetector(lambda image: []))
