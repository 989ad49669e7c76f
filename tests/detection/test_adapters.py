"""Detectors of other packages: what they say, as detections."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasalign.detection import box_map_of, get_detector
from kerasalign.detection.mediapipe import MEDIAPIPE_BOX_MAP, from_mediapipe
from kerasalign.inference import MediaPipeDetector, YuNetDetector

FACE = [10.0, 20.0, 30.0, 40.0, *(15, 30, 35, 30, 25, 40, 18, 50, 32, 50), 0.9]
TURNED = [100.0, 20.0, 60.0, 60.0, *(150, 30, 150, 60, 120, 45, 110, 35, 110, 55), 0.85]


class OpenCV:
    """Stands for `cv2.FaceDetectorYN`."""

    @classmethod
    def create(cls, file, config, size, min_score, max_overlap, limit):
        made = cls()
        made.options, made.seen, made.size = (file, min_score, max_overlap), [], size
        cls.last = made
        return made

    def setInputSize(self, size):
        self.size = size

    def detect(self, image):
        assert image.shape[1::-1] == tuple(self.size)
        self.seen.append(image[0, 0].tolist())
        return 1, np.array([FACE, TURNED], "float32")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("cv2.FaceDetectorYN", OpenCV)
    path = tmp_path / "yunet.onnx"
    path.write_bytes(b"network")
    return path


def test_yunet_gives_boxes_points_and_rotation_largest_first(file):
    photo = np.full((80, 200, 3), (10, 20, 30), "uint8")
    large, small = YuNetDetector(file, min_score=0.7).detect(photo)
    np.testing.assert_allclose(small.box, [10, 20, 40, 60])
    np.testing.assert_allclose(large.points[0], [150, 30])
    assert small.angle == 0 and large.angle == 90 and large.score == pytest.approx(0.85)
    assert OpenCV.last.options == (str(file), 0.7, 0.3) and OpenCV.last.seen == [[30, 20, 10]], "OpenCV wants BGR"
    (_, half) = YuNetDetector(file, max_side=100, use_angle=False).detect(photo)
    np.testing.assert_allclose(half.box, [20.5, 40.5, 80.5, 120.5])
    assert half.angle == 0


def test_yunets_file_is_the_users_to_name(file, tmp_path):
    named = get_detector(f"yunet:{file}")
    assert isinstance(named, YuNetDetector) and named is get_detector(f"yunet:{file}")
    with pytest.raises(FileNotFoundError, match="model="):
        YuNetDetector(tmp_path / "absent.onnx")
    with pytest.raises(FileNotFoundError, match=r"face_detection_yunet_2023mar\.onnx"):
        YuNetDetector()
    with pytest.raises(ValueError, match="`min_score`"):
        YuNetDetector(file, min_score=2)


def test_mediapipes_faces_are_in_pixel_centers():
    def key(x, y):
        return SimpleNamespace(x=x, y=y)

    found = SimpleNamespace(
        bounding_box=SimpleNamespace(origin_x=10, origin_y=20, width=30, height=30),
        categories=[SimpleNamespace(score=0.9)],
        keypoints=[key(0.1, 0.1), key(0.2, 0.2), key(0.1, 0.3)],
    )
    (face,) = from_mediapipe(SimpleNamespace(detections=[found]), (100, 200))
    np.testing.assert_allclose(face.box, [9.5, 19.5, 39.5, 49.5])
    assert face.angle == pytest.approx(np.degrees(np.arctan2(10, 20))) and len(face.points) == 0
    assert from_mediapipe(SimpleNamespace(detections=[found]), (100, 200), use_angle=False)[0].angle == 0
    assert from_mediapipe(SimpleNamespace(detections=[]), (100, 200)) == []


def test_mediapipe_is_an_extra(monkeypatch):
    monkeypatch.setattr("kerasalign.detection.mediapipe.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"kerasalign\[mediapipe\]"):
        MediaPipeDetector()


def test_kinds_of_boxes_have_their_map():
    assert box_map_of("mediapipe") is MEDIAPIPE_BOX_MAP
    np.testing.assert_allclose(box_map_of("landmarks")(np.array([1.0, 2, 3, 4])), [1, 2, 3, 4])
    with pytest.raises(ValueError, match="`kind`"):
        box_map_of("dlib")
