"""Face detectors behind one interface; each says how its box maps to the tight box of the landmarks."""

from __future__ import annotations

from functools import cache

from kerasalign.detection.adapters import CallableDetector, GivenBoxes, as_detections
from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.mtcnn import MTCNNDetector
from kerasalign.detection.own.detector import KerasAlignDetector

__all__ = [
    "CallableDetector",
    "Detection",
    "Detector",
    "GivenBoxes",
    "KerasAlignDetector",
    "MTCNNDetector",
    "as_detections",
    "get_detector",
]

_BUILDERS = {"kerasalign": KerasAlignDetector, "mtcnn": MTCNNDetector}


@cache
def _named(name: str, **options) -> Detector:
    return _BUILDERS[name](**options)


def get_detector(detector, runtime: str = "keras") -> Detector:
    """Returns a detector.

    Args:
        detector: A name (`"kerasalign"` or `"mtcnn"`), a `Detector`, or a function from a photo to its face boxes. A
            named detector is built once per process, at its first photo.
        runtime: What the library's own detector runs in where it is named; MTCNN has one runtime, and a `Detector` its
            own.

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(detector, Detector):
        return detector
    if isinstance(detector, str) and detector in _BUILDERS:
        return _named(detector, runtime=runtime) if detector == KerasAlignDetector.name else _named(detector)
    if callable(detector) and not isinstance(detector, type):
        return CallableDetector(detector)
    raise ValueError(
        f"`detector` must be one of {sorted(_BUILDERS)}, a Detector, or a function from a photo "
        f"to its face boxes. Received: detector={detector!r}"
    )
