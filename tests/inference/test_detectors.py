import os
import subprocess
import sys

import numpy as np
import pytest

from kerasalign.geometry import BoxMap, box_iou
from kerasalign.inference import (
    CallableDetector,
    Detection,
    Detector,
    GivenBoxes,
    MTCNNDetector,
    get_detector,
)

PHOTO = np.zeros((40, 50, 3), "uint8")


@pytest.mark.parametrize(
    ("found", "count"),
    [
        ([], 0),
        (None, 0),
        (np.zeros((0, 4)), 0),
        ([(1, 2, 3, 4)], 1),
        (np.array([1.0, 2, 3, 4]), 1),
        ([(1, 2, 3, 4, 0.5), (1, 2, 9, 9, 0.25)], 2),
        ([Detection((1, 2, 3, 4))], 1),
    ],
)
def test_callable_may_return_boxes_or_detections(found, count):
    detections = CallableDetector(lambda image: found).detect(PHOTO)
    assert len(detections) == count and all(isinstance(item, Detection) for item in detections)


def test_scores_and_order_are_kept():
    found = GivenBoxes([(1, 2, 3, 4, 0.25), (0, 0, 30, 30, 0.5)]).detect(PHOTO)
    assert [item.score for item in found] == [0.25, 0.5]
    assert GivenBoxes([(1, 2, 3, 4)]).detect(PHOTO)[0].score == 1.0


@pytest.mark.parametrize(
    "found",
    [
        [(1, 2, 3)],
        "boxes",
        [(3, 2, 1, 4)],
        [(1, 2, np.inf, 4)],
        np.zeros((2, 2, 4)),
        5,
        [object()],
    ],
)
def test_other_results_are_refused(found):
    with pytest.raises(ValueError, match="Received"):
        CallableDetector(lambda image: found).detect(PHOTO)


def test_get_detector():
    assert isinstance(get_detector("mtcnn"), MTCNNDetector) and get_detector("mtcnn") is get_detector("mtcnn")
    mine = GivenBoxes([])
    assert get_detector(mine) is mine
    assert isinstance(get_detector(lambda image: []), CallableDetector)
    for wrong in ("haar", None, MTCNNDetector, 1):
        with pytest.raises(ValueError, match="`detector`"):
            get_detector(wrong)


def test_map_to():
    detector = CallableDetector(lambda image: [], BoxMap(scale=(2.0, 2.0)), name="mine")
    assert detector.map_to("landmarks") == BoxMap(scale=(2.0, 2.0)) and detector.map_to("mine") == BoxMap()
    with pytest.raises(ValueError, match="yours"):
        detector.map_to("yours")


def test_a_detector_without_detect_says_so():
    with pytest.raises(NotImplementedError, match="detect"):
        Detector().detect(PHOTO)


@pytest.mark.parametrize("options", [{"max_side": 10}, {"min_score": 1.5}, {"margin": -0.1}])
def test_mtcnn_options_are_checked(options):
    with pytest.raises(ValueError, match="Received"):
        MTCNNDetector(**options)


def test_importing_the_room_loads_no_backend():
    code = (
        "import sys, kerasalign.inference; "
        "assert not {'tensorflow', 'keras', 'mtcnn', 'jax'} & set(sys.modules), 'a backend was loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def portrait():
    return pytest.importorskip("skimage.data").astronaut()


@pytest.fixture(scope="module")
def mtcnn():
    return get_detector("mtcnn")


def test_mtcnn_finds_the_one_face_of_the_portrait(mtcnn, portrait):
    found = mtcnn.detect(portrait)
    assert len(found) == 1 and found[0].score > 0.9 and found[0].angle == 0.0
    # The tight box of the 68 landmarks, by eye: brows to chin, ear to ear.
    assert box_iou(mtcnn.box_map(found[0].box), np.array([177.0, 88, 272, 172])) > 0.75
    right_eye, left_eye, nose, *mouth = found[0].points
    assert right_eye[0] < nose[0] < left_eye[0] and nose[1] < mouth[0][1]
    np.testing.assert_allclose(right_eye, (203, 99), atol=5)


def test_without_its_package_mtcnn_says_what_to_install(monkeypatch):
    from kerasalign.detection.mtcnn import build_cascade

    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(ImportError, match=r"kerasalign\[mtcnn\]"):
        build_cascade()


def test_mtcnn_finds_the_same_in_several_photos_at_once(portrait):
    small = MTCNNDetector(max_side=160)
    photos = [portrait, np.ascontiguousarray(portrait[:, ::-1]), portrait[:300], np.zeros_like(portrait)]
    together = small.detect_many(photos)
    assert [len(found) for found in together] == [1, 1, 1, 0]
    for photo, (found,) in zip(photos, together[:3]):
        (alone,) = small.detect(photo)
        np.testing.assert_allclose(found.box, alone.box, atol=0.01)
        np.testing.assert_allclose(found.points, alone.points, atol=0.01)
    assert small.detect_many([]) == []


def test_mtcnn_maps_back_from_the_size_that_it_searches(mtcnn, portrait):
    half = MTCNNDetector(max_side=256).detect(portrait)
    assert len(half) == 1
    assert box_iou(half[0].box, mtcnn.detect(portrait)[0].box) > 0.85


def test_mtcnn_reports_the_rotation_on_request(portrait):
    tilted = MTCNNDetector(use_angle=True)
    upright = tilted.detect(portrait)[0].angle
    # Quarter turns would hide the sign, so the portrait is sheared by eye level: down by a third of x.
    rows = (np.arange(512)[:, None] - np.arange(512)[None] // 3) % 512
    down = tilted.detect(portrait[rows, np.arange(512)[None]])[0].angle
    assert 8 < down - upright < 28


@pytest.mark.parametrize("crop", [(60, 180, 170, 270), (100, 512, 100, 400), (60, 512, 220, 500)])
def test_mtcnn_finds_faces_that_fill_the_photo_or_are_cut_by_its_edge(mtcnn, portrait, crop):
    y0, y1, x0, x1 = crop
    assert len(mtcnn.detect(np.ascontiguousarray(portrait[y0:y1, x0:x1]))) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (5, 5), (11, 40), (13, 13), (900, 3)])
def test_mtcnn_takes_photos_of_any_size(mtcnn, size):
    assert mtcnn.detect(np.full((*size, 3), 90, "uint8")) == []


def test_mtcnn_runs_beside_another_backend_and_a_float16_policy(mtcnn, portrait, tmp_path):
    pytest.importorskip("jax")
    np.save(tmp_path / "portrait.npy", portrait)
    code = (
        "import sys, keras, numpy as np; keras.mixed_precision.set_global_policy('mixed_float16'); "
        "from kerasalign.inference import get_detector; assert keras.config.backend() == 'jax'; "
        "np.save(sys.argv[2], [face.box for face in get_detector('mtcnn').detect(np.load(sys.argv[1]))])"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "portrait.npy", tmp_path / "boxes.npy"],
        check=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    np.testing.assert_allclose(np.load(tmp_path / "boxes.npy"), [mtcnn.detect(portrait)[0].box], atol=0.01)


def test_mtcnn_reads_its_own_weights_whatever_lies_in_the_working_directory(tmp_path, monkeypatch):
    from kerasalign.detection.mtcnn import read_weights

    (tmp_path / "pnet.lz4").write_bytes(b"not weights")
    monkeypatch.chdir(tmp_path)
    assert read_weights("pnet.lz4")[0].shape == (3, 3, 3, 10)
