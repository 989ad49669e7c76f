"""Cuts faces out of photos by the five points of a detector: the baseline of a landmark network."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasalign.detection import Detector, get_detector
from kerasalign.recognition.align import main_face
from kerasalign.recognition.norm_crop import center_crop, norm_crop
from kerasalign.recognition.template import template5
from kerasalign.support.images import load_image

_log = logging.getLogger(__name__)


def align_detected_faces(photos: Sequence[Any], detector: str | Detector = "mtcnn", *, size: int = 112) -> np.ndarray:
    """Cuts the main face out of each photo by the points that the detector gives, without a landmark network.

    Args:
        photos: Paths, or `(H, W, 3)` uint8 RGB arrays.
        detector: A detector that gives five points, or its name.
        size: Side of the crops, a multiple of 112 or 128.

    Returns:
        `(M, size, size, 3)` uint8 RGB; a photo without a face gives its `center_crop`.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If the detector gives no points, or `size` is wrong.

    Example:

        crops = align_detected_faces(pairs.photos)  # column "five points" of SDU's Table 3
    """
    template5(size)
    finder = get_detector(detector)
    crops, without = np.zeros((len(photos), size, size, 3), "uint8"), 0
    for crop, photo in zip(crops, photos):
        image = load_image(photo)
        found = finder.detect(image)
        if not found:
            without += 1
            crop[:] = center_crop(image, size)
            continue
        boxes = np.stack([detection.box for detection in found])
        points = found[main_face(boxes, (image.shape[1], image.shape[0]))].points
        if not len(points):
            raise ValueError(f"`detector` must give five points of a face. Received: detector={finder!r}")
        crop[:] = norm_crop(image, points, size, "5")
    if without:
        _log.warning("No face was found in %d of %d photos; their center is taken.", without, len(photos))
    return crops
