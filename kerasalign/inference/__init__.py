"""From a photo to landmarks: detectors, `align`, and what it gives."""

from kerasalign.inference.aligner import align, align_iter
from kerasalign.inference.batch import Batch, PhotoError
from kerasalign.inference.detectors import (
    CallableDetector,
    Detection,
    Detector,
    GivenBoxes,
    MTCNNDetector,
    get_detector,
)
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces

__all__ = [
    "Batch", "CallableDetector", "Detection", "Detector", "Face", "Faces", "GivenBoxes", "MTCNNDetector",
    "PhotoError", "align", "align_iter", "get_detector",
]  # fmt: skip
