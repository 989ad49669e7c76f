"""Face detectors behind one interface. Each says how its box maps to the tight box of the landmarks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kerasalign.detection.adapters import CallableDetector, GivenBoxes, as_detections
from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.mtcnn import MTCNNDetector
from kerasalign.detection.own.detector import KerasAlignDetector
from kerasalign.support.checks import shown

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

_CLASSES: dict[str, Callable[..., Detector]] = {"kerasalign": KerasAlignDetector, "mtcnn": MTCNNDetector}


@cache
def _build_once(name: str, **options: Any) -> Detector:
    return _CLASSES[name](**options)


def get_detector(
    detector: str | Detector | Callable[[np.ndarray], Any], runtime: str = "keras", min_score: float | None = None
) -> Detector:
    """A detector by its name, or from a function.

    Args:
        detector: A name (`"kerasalign"` or `"mtcnn"`), a `Detector`, or a function from a photo, `(H, W, 3)` uint8 RGB,
            to its face boxes. A named detector is built once per process.
        runtime: Where the library's own detector runs, if it is named. MTCNN has one runtime; a `Detector` has its own.
        min_score: Lowest score of a face, for a named detector; `None`: its own.

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(detector, Detector):
        return detector
    if isinstance(detector, str) and detector in _CLASSES:
        options: dict[str, Any] = {} if min_score is None else {"min_score": float(min_score)}
        return _build_once(detector, **options | ({"runtime": runtime} if detector == KerasAlignDetector.name else {}))
    if callable(detector) and not isinstance(detector, type):
        return CallableDetector(detector)
    raise ValueError(
        f"`detector` must be one of {sorted(_CLASSES)}, a Detector, or a function from a photo "
        f"to its face boxes. Received: detector={shown(detector)}"
    )
