"""300VW by category, frame by frame and followed."""

import pytest

from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.evaluation import evaluate_model, evaluate_tracking
from kerasalign.geometry import tight_box
from kerasalign.inference import CallableDetector
from tests.support.mean_shape import MeanShape

PROTOCOLS = ["300vw-category1-inter_pupil", "300vw-category3-inter_ocular"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300vw", tmp_path_factory.mktemp("videos") / "300vw", faces=6)


@pytest.fixture(scope="module")
def truth(data):
    """Box of each first frame, by the picture's own bytes."""
    samples = [s for part in ("category1", "category3") for s in read_dataset("300vw", data, part)]
    return {sample.read_image().tobytes(): tight_box(sample.landmarks) for sample in samples}


def test_frames_by_category(data):
    report = evaluate_model(MeanShape(), data, PROTOCOLS, n_bootstrap=0)
    assert [len(evaluation.nmes) for evaluation in report.evaluations] == [2 * 6 + 29, 2 * 6 + 12]
    assert all(0 < evaluation.nme < 30 for evaluation in report.evaluations)
    assert not report.missed


def test_followed_faces_are_found_once(data, truth):
    looks = []
    detector = CallableDetector(lambda image: looks.append(1) or [truth[image.tobytes()]])
    report = evaluate_tracking(MeanShape(), data, PROTOCOLS, detector=detector, n_bootstrap=0)
    assert len(looks) == 31 + 14 and not report.missed
    assert {evaluation.protocol.box_source for evaluation in report.evaluations} == {"detector:callable_tracked"}
    # The model stays where the face was found, so later frames are no better.
    by_frame = evaluate_model(MeanShape(), data, PROTOCOLS, n_bootstrap=0)
    assert report.evaluations[0].nme >= by_frame.evaluations[0].nme


def test_what_is_not_found_is_missed(data):
    def blind_at_first(image, calls=[]):  # noqa: B006
        calls.append(1)
        return [(20, 20, 150, 150)] if len(calls) > 3 else []

    report = evaluate_tracking(
        MeanShape(), data, PROTOCOLS[:1], detector=CallableDetector(blind_at_first), n_bootstrap=0
    )
    assert report.missed[:3] == ("114/000001", "114/000002", "114/000003") and report.evaluations[0].nme > 0


def test_a_data_set_without_videos_is_refused(tmp_path):
    data = make_miniature("300w", tmp_path / "300w")
    with pytest.raises(ValueError, match="data set of videos"):
        evaluate_tracking(MeanShape(), data, ["300w-common-inter_pupil"], detector=CallableDetector(lambda image: []))
