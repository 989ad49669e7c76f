"""MediaPipe's face detector, BlazeFace (Bazarevsky et al., arXiv 1907.05047), by the package `mediapipe`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kerasalign.detection.base import Detection, Detector, largest_first
from kerasalign.geometry import BoxMap
from kerasalign.support.checks import in_range

# Median over photos of the 300W training set: benchmarks/measure_detector_box.py wrote
# benchmarks/results/detector_box_mediapipe.json.
MEDIAPIPE_BOX_MAP = BoxMap(scale=(0.935, 0.914), shift=(0.001, 0.057))

_PACKAGED = "modules/face_detection/face_detection_short_range.tflite"


class MediaPipeDetector(Detector):
    """MediaPipe's face detector on the processor; it returns the largest face first, equal ones from left to right.

    Its points are both eyes, the tip of the nose and the middle of the mouth, which are no points of markup `"5"`: its
    detections have none. Its box is a square.

    Args:
        model: A file of MediaPipe's task, such as `blaze_face_short_range.tflite`; by default that of the package,
            where it still holds one (up to 0.10.21).
        min_score: Lowest score of a face, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        use_angle: Whether detections have the in-plane rotation of the line between the eyes; otherwise it is 0.

    Raises:
        ImportError: If the package is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If a number is out of its range.
    """

    name = "mediapipe"
    box_map = MEDIAPIPE_BOX_MAP

    def __init__(
        self,
        model: str | Path | None = None,
        min_score: float = 0.5,
        max_overlap: float = 0.3,
        use_angle: bool = True,
    ) -> None:
        in_range(0, 1, min_score=min_score, max_overlap=max_overlap)
        if find_spec("mediapipe") is None:
            raise ImportError('MediaPipe is not installed: `pip install "kerasalign[mediapipe]"`.')
        self.model = _packaged_file() if model is None else Path(model)
        if not self.model.is_file():
            raise FileNotFoundError(f"There is no such file. Received: model={str(model)!r}")
        self.min_score, self.max_overlap, self.use_angle = min_score, max_overlap, use_angle
        self._task: Any = None

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        mediapipe: Any = import_module("mediapipe")
        tasks: Any = import_module("mediapipe.tasks.python")
        vision = tasks.vision

        if self._task is None:
            options = vision.FaceDetectorOptions(
                base_options=tasks.BaseOptions(model_asset_path=str(self.model)),
                min_detection_confidence=self.min_score,
                min_suppression_threshold=self.max_overlap,
            )
            self._task = vision.FaceDetector.create_from_options(options)
        pixels = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        return from_mediapipe(self._task.detect(pixels), image.shape[:2], self.use_angle)


def from_mediapipe(result: Any, size: tuple[int, int], use_angle: bool = True) -> list[Detection]:
    """Detections from a result of MediaPipe's task.

    Args:
        result: Its `detections` have a `bounding_box` in pixels, `categories` with scores, and `keypoints` in units of
            the photo's sides: right eye, left eye, nose, mouth, right ear, left ear.
        size: Height and width of the photo.
        use_angle: Whether the eyes give the rotation.

    Returns:
        The largest face first.
    """
    height, width = size
    faces = []
    for found in result.detections:
        box = found.bounding_box
        right, left = found.keypoints[:2]
        angle = float(np.degrees(np.arctan2((left.y - right.y) * height, (left.x - right.x) * width)))
        corners = np.array([box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height])
        # MediaPipe counts from the corner of the first pixel.
        faces.append(Detection(corners - 0.5, float(found.categories[0].score), angle=angle if use_angle else 0.0))
    return largest_first(faces)


def _packaged_file() -> Path:
    spec = find_spec("mediapipe")
    path = Path(spec.origin).parent / _PACKAGED if spec and spec.origin else Path(_PACKAGED)
    if not path.is_file():
        raise FileNotFoundError(
            "This version of mediapipe comes without a face detector's file. Give blaze_face_short_range.tflite of "
            "MediaPipe's models: `MediaPipeDetector(FILE)`. Received: model=None"
        )
    return path
