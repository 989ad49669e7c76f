"""Face detectors behind one interface. Each says how its box maps to the tight box of the landmarks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kerasalign.detection.adapters import CallableDetector, GivenBoxes, as_detections
from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.mediapipe import MediaPipeDetector
from kerasalign.detection.mtcnn import MTCNNDetector
from kerasalign.detection.own.detector import KerasAlignDetector
from kerasalign.detection.yunet import YuNetDetector
from kerasalign.geometry import BoxMap
from kerasalign.support.checks import one_of, shown

__all__ = [
    "CallableDetector",
    "Detection",
    "Detector",
    "GivenBoxes",
    "KerasAlignDetector",
    "MTCNNDetector",
    "MediaPipeDetector",
    "YuNetDetector",
    "as_detections",
    "box_map_of",
    "get_detector",
]

_CLASSES: dict[str, type[Detector]] = {
    "kerasalign": KerasAlignDetector,
    "mediapipe": MediaPipeDetector,
    "mtcnn": MTCNNDetector,
    "yunet": YuNetDetector,
}
# Of these the name may be followed by a colon and the file of the network.
_WITH_FILE = ("mediapipe", "yunet")


@cache
def _build_once(name: str, **options: Any) -> Detector:
    return _CLASSES[name](**options)


def box_map_of(kind: str) -> BoxMap:
    """How boxes of a kind map to the tight box of the landmarks.

    Args:
        kind: `"landmarks"` or the name of a detector.

    Raises:
        ValueError: If it is neither.
    """
    kinds = {"landmarks": BoxMap()} | {name: of_name.box_map for name, of_name in _CLASSES.items()}
    one_of("kind", kind, kinds)
    return kinds[kind]


def get_detector(
    detector: str | Detector | Callable[[np.ndarray], Any], runtime: str = "keras", min_score: float | None = None
) -> Detector:
    """A detector by its name, or from a function.

    Args:
        detector: A name (`"kerasalign"`, `"mtcnn"`, `"yunet"`, `"mediapipe"`; `"yunet:FILE"` and `"mediapipe:FILE"`
            name the network's file), a `Detector`, or a function from a photo, `(H, W, 3)` uint8 RGB, to its face
            boxes. A named detector is built once per process.
        runtime: Where the library's own detector runs, if it is named. MTCNN has one runtime; a `Detector` has its own.

        min_score: Lowest score of a face, for a named detector; `None`: its own.

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(detector, Detector):
        return detector
    options: dict[str, Any] = {} if min_score is None else {"min_score": float(min_score)}
    if isinstance(detector, str) and detector.partition(":")[0] in _WITH_FILE:
        name, _, file = detector.partition(":")
        return _build_once(name, **options | ({"model": file} if file else {}))
    if isinstance(detector, str) and detector in _CLASSES:
        return _build_once(detector, **options | ({"runtime": runtime} if detector == KerasAlignDetector.name else {}))
    if callable(detector) and not isinstance(detector, type):
        return CallableDetector(detector)
    raise ValueError(
        f"`detector` must be one of {sorted(_CLASSES)}, a Detector, or a function from a photo "
        f"to its face boxes. Received: detector={shown(detector)}"
    )
