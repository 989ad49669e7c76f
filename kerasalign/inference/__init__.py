"""From photos and videos to landmarks: `align`, `align_video`, their results, and face detectors."""

from kerasalign.detection import (
    CallableDetector,
    Detection,
    Detector,
    GivenBoxes,
    KerasAlignDetector,
    MTCNNDetector,
    get_detector,
)
from kerasalign.inference.aligner import align, align_iter
from kerasalign.inference.batch import Batch, PhotoError
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces
from kerasalign.inference.label_adapter import LabelAdapter
from kerasalign.inference.video import Video, VideoFrame, align_video

__all__ = [
    "Batch",
    "CallableDetector",
    "Detection",
    "Detector",
    "Face",
    "Faces",
    "GivenBoxes",
    "KerasAlignDetector",
    "LabelAdapter",
    "MTCNNDetector",
    "PhotoError",
    "Video",
    "VideoFrame",
    "align",
    "align_iter",
    "align_video",
    "get_detector",
]
