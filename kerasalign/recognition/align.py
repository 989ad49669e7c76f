"""From photos to the crops that a face recogniser takes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from kerasalign.geometry import box_center, box_size, warp
from kerasalign.hub import as_model
from kerasalign.inference import Faces, align
from kerasalign.recognition.norm_crop import METHODS, centre_crop, norm_crop, norm_matrix
from kerasalign.recognition.template import landmarks_to_5, template5

_log = logging.getLogger(__name__)


def align_faces(source, model, *, size: int = 112, method: str = "five", boxes=None, **options):
    """Cuts every face out of a photo, or out of many, as face recognisers expect it.

    What comes back depends on `source` alone: one photo gives one array, a list or a folder a list of arrays.

    Args:
        source: As for `kerasalign.align`: a photo, a list of photos, or a folder.
        model: A `LandmarkModel` whose markup converts to `"5"`, or the name of one as for `kerasalign.load`.
        size: Side of the crops, a multiple of 112 or 128.
        method: `"five"` fits five points, `"full"` all of them; see `norm_matrix`.
        boxes: Face boxes instead of a detector, as for `kerasalign.align`.
        **options: Others of `kerasalign.align`: `detector`, `refine`, `batch_size`, `on_error`, `recursive`,
            `progress`.

    Returns:
        `(F, size, size, 3)` uint8 RGB, the faces in the detector's order, `(0, size, size, 3)` where there is
        none; a list of these for many photos.

    Raises:
        ImageError: If a single photo cannot be read.
        ValueError: If an argument is wrong.

    Example:

        crops = align_faces("group.jpg", "musica19-synth")  # (F, 112, 112, 3)
    """
    model = _checked_model(model, size, method)
    found = align(model, source, boxes=boxes, **options)
    if isinstance(found, Faces):
        return _crops(found, size, method)
    return [_crops(faces, size, method) for faces in found]


def align_main_faces(
    photos: Sequence, model, *, size: int = 112, method: str = "five", boxes=None, **options
) -> np.ndarray:
    """Cuts the main face out of each photo: one crop per photo, as verification benchmarks need it.

    The main face is large and near the middle: its box's area less twice the squared distance of its centre
    from the photo's is the largest. A photo without a face gives its `centre_crop`; how many there were is logged.

    Args:
        photos: Photos, as for `kerasalign.align`.
        model: As for `align_faces`, with its other arguments.
        size: Side of the crops.
        method: `"five"` or `"full"`.
        boxes: One `(F, 4)` array per photo.
        **options: As for `align_faces`; a photo that cannot be read raises unless `on_error="skip"`, which makes
            it a black crop.

    Returns:
        `(M, size, size, 3)` uint8 RGB.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If an argument is wrong.
    """
    model = _checked_model(model, size, method)
    crops, without = np.zeros((len(photos), size, size, 3), "uint8"), []
    found = align(model, list(photos), boxes=boxes, **{"on_error": "raise", **options})
    for crop, faces in zip(crops, found, strict=True):
        if faces.problem:
            continue
        if len(faces):
            face = faces[main_face(faces.boxes, faces.size)]
            crop[:] = norm_crop(faces.image, face.landmarks, size, faces.markup, method)
        else:
            without.append(faces.source)
            crop[:] = centre_crop(faces.image, size)
    if without:
        _log.warning("No face was found in %d of %d photos, whose middle is taken.", len(without), len(photos))
    return crops


def main_face(boxes: np.ndarray, size: tuple[int, int]) -> int:
    """Index of the main face among `(F, 4)` boxes of a photo of `(width, height)`; see `align_main_faces`."""
    middle = (np.asarray(size, "float64") - 1) / 2
    scores = [box_size(box).prod() - 2 * np.square(box_center(box) - middle).sum() for box in boxes]
    return int(np.argmax(scores))


def _checked_model(model, size: int, method: str):
    """The model, with everything refused that can be before the first photo is read."""
    template5(size)
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {METHODS}. Received: method={method!r}")
    model = as_model(model)
    if model.markup is None:
        raise ValueError(f"`model` must have a markup to say what its points mean. Received: model={model!r}")
    landmarks_to_5(model.markup.mean_shape, model.markup)
    return model


def _crops(faces: Faces, size: int, method: str) -> np.ndarray:
    crops = np.zeros((len(faces), size, size, 3), "uint8")
    if len(faces):
        image = faces.image
        for crop, face in zip(crops, faces, strict=True):
            crop[:] = warp(image, norm_matrix(face.landmarks, size, face.markup, method), (size, size))
    return crops
