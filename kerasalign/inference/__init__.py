"""From photos and videos to landmarks: `align`, `align_video`, their results, and face detectors."""

from kerasalign.detection import (
    CallableDetector,
    Detection,
    Detector,
    GivenBoxes,
    KerasAlignDetector,
    MediaPipeDetector,
    MTCNNDetector,
    YuNetDetector,
    get_detector,
)
from kerasalign.inference.aligner import align, align_iter
from kerasalign.inference.batch import Batch, PhotoError
from kerasalign.inference.exporters import CocoSink, CsvSink, JsonLinesSink, JsonSink, PtsSink, Sink
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces
from kerasalign.inference.label_adapter import LabelAdapter
from kerasalign.inference.pose import Pose
from kerasalign.inference.presets import load_as, note_export, save_as
from kerasalign.inference.video import Video, VideoFrame, align_video

__all__ = [
    "Batch",
    "CallableDetector",
    "CocoSink",
    "CsvSink",
    "Detection",
    "Detector",
    "Face",
    "Faces",
    "GivenBoxes",
    "JsonLinesSink",
    "JsonSink",
    "KerasAlignDetector",
    "LabelAdapter",
    "MTCNNDetector",
    "MediaPipeDetector",
    "PhotoError",
    "Pose",
    "PtsSink",
    "Sink",
    "Video",
    "VideoFrame",
    "YuNetDetector",
    "align",
    "align_iter",
    "align_video",
    "get_detector",
    "load_as",
    "note_export",
    "save_as",
]
