"""Cuts faces out of photos as face recognizers expect them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.geometry import box_center, box_size, warp
from kerasalign.hub import as_model
from kerasalign.inference import Faces, align
from kerasalign.recognition.norm_crop import METHODS, center_crop, norm_crop, norm_matrix
from kerasalign.recognition.template import landmarks_to_5, template5

if TYPE_CHECKING:
    from kerasalign.core.align_mixin import Photo

_log = logging.getLogger(__name__)


@overload
def align_faces(source: Photo, model: CropModel | str | Path, **options: Any) -> np.ndarray: ...


@overload
def align_faces(source: Sequence[Photo], model: CropModel | str | Path, **options: Any) -> list[np.ndarray]: ...


def align_faces(
    source: Any,
    model: CropModel | str | Path,
    *,
    size: int = 112,
    method: str = "five",
    boxes: Any = None,
    **options: Any,
) -> np.ndarray | list[np.ndarray]:
    """Cuts every face out of a photo, or out of many, as face recognizers expect it.

    The type of the result depends on `source` alone: one photo gives one array, a list or a folder a list of arrays.
    Type checkers take any path for that of a photo.

    Args:
        source: As in `kerasalign.align`: a photo, a list of photos, or a folder.
        model: A `CropModel` whose markup converts to `"5"`, or its name or folder as in `kerasalign.load`.
        size: Side of the crops, a multiple of 112 or 128.
        method: `"five"` fits five points, `"full"` all of them; see `norm_matrix`.
        boxes: Face boxes instead of a detector, as in `kerasalign.align`.
        **options: Other arguments of `kerasalign.align`: `detector`, `refine`, `batch_size`, `on_error`, `recursive`,
            `progress`.

    Returns:
        `(F, size, size, 3)` uint8 RGB, the faces in the detector's order; F is 0 where there is no face. A list of such
        arrays for many photos.

    Raises:
        ImageError: If a single photo cannot be read.
        ValueError: If an argument is wrong.

    Example:

        crops = align_faces("group.jpg", "musica19-synth")  # (F, 112, 112, 3)
    """
    model = _check_model(model, size, method)
    result = align(model, source, boxes=boxes, **options)
    if isinstance(result, Faces):
        return _crops(result, size, method)
    return [_crops(faces, size, method) for faces in result]


def align_main_faces(
    photos: Sequence[Any],
    model: CropModel | str | Path,
    *,
    size: int = 112,
    method: str = "five",
    boxes: Any = None,
    **options: Any,
) -> np.ndarray:
    """Cuts the main face out of each photo: one crop per photo, as verification benchmarks need it.

    The main face is large and near the center of the photo: the area of its box, minus twice the squared distance of
    the box's center from the photo's, is the largest. A photo without a face gives its `center_crop`; the number of
    such photos is logged.

    Args:
        photos: Photos, as in `kerasalign.align`.
        model: As in `align_faces`.
        size: Side of the crops.
        method: `"five"` or `"full"`.
        boxes: One `(F, 4)` array per photo.
        **options: As in `align_faces`. A photo that cannot be read raises, unless `on_error="skip"`: its crop is then
            black.

    Returns:
        `(M, size, size, 3)` uint8 RGB.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If an argument is wrong.
    """
    model = _check_model(model, size, method)
    crops, without = np.zeros((len(photos), size, size, 3), "uint8"), []
    batch = align(model, list(photos), boxes=boxes, **{"on_error": "raise", **options})
    for crop, faces in zip(crops, batch, strict=True):
        if faces.problem:
            continue
        if len(faces):
            face = faces[main_face(faces.boxes, faces.size)]
            crop[:] = norm_crop(faces.image, face.landmarks, size, faces.markup, method)
        else:
            without.append(faces.source)
            crop[:] = center_crop(faces.image, size)
    if without:
        _log.warning("No face was found in %d of %d photos; their center is taken.", len(without), len(photos))
    return crops


def main_face(boxes: np.ndarray, size: tuple[int, int]) -> int:
    """Index of the main face among `(F, 4)` boxes of a photo of `(width, height)`; see `align_main_faces`."""
    center = (np.asarray(size, "float64") - 1) / 2
    scores = [box_size(box).prod() - 2 * np.square(box_center(box) - center).sum() for box in boxes]
    return int(np.argmax(scores))


def _check_model(model: CropModel | str | Path, size: int, method: str) -> CropModel:
    """The model, or that of a preset's name; raises for wrong arguments before the first photo is read."""
    template5(size)
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {METHODS}. Received: method={method!r}")
    network = cast(CropModel, as_model(model))
    if network.markup is None:
        raise ValueError(f"`model` must have a markup to say what its points mean. Received: model={network!r}")
    landmarks_to_5(network.markup.mean_shape, network.markup)
    return network


def _crops(faces: Faces, size: int, method: str) -> np.ndarray:
    crops = np.zeros((len(faces), size, size, 3), "uint8")
    if len(faces):
        image = faces.image
        for crop, face in zip(crops, faces, strict=True):
            crop[:] = warp(image, norm_matrix(face.landmarks, size, face.markup, method), (size, size))
    return crops
