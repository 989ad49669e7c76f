"""Photo in, landmarks out: detect, crop, predict, map back."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.detection import GivenBoxes, get_detector
from kerasalign.inference.batch import Batch
from kerasalign.inference.faces import Faces
from kerasalign.inference.pipeline import Pipeline
from kerasalign.support.images import list_images
from kerasalign.support.progress import track

_log = logging.getLogger(__name__)


def align(
    model: CropModel,
    source,
    *,
    detector="kerasalign",
    boxes=None,
    refine: int | None = None,
    batch_size: int = 32,
    on_error: str = "skip",
    recursive: bool = False,
    progress: bool | None = None,
    **predict_options,
) -> Faces | Batch:
    """Finds the faces of a photo, or of many, and their landmarks.

    What comes back depends on `source` alone: one photo gives `Faces`, a list or a folder gives a `Batch` of
    `Faces`, an iterator of photos gives an iterator of `Faces`, which holds few photos at a time.

    Args:
        model: A `LandmarkModel` or `RuntimeModel`, or any `CropModel`.
        source: A photo (path, bytes, binary file object, PIL image, array), a list or tuple of photos, the
            path of a folder, whose photos are taken in the order of their names, or an iterator of photos of any
            number.
        detector: `"kerasalign"`, `"mtcnn"`, a `Detector`, or a function from a photo to its face boxes. For more than
            one photo it is called in a thread of its own, one photo after the other. `"kerasalign"` runs in what the
            model runs in: Keras, ONNX Runtime or LiteRT.
        boxes: Face boxes instead of a detector, of the kind that `model.crop_spec.box` names (`"landmarks"`:
            the tight box of the landmarks): `(F, 4)` for one photo, a list of such arrays for many.
        refine: How often each face is cropped anew, by the upright box of its landmarks, and predicted again; by
            default as its detector has it: once after the library's own, never with boxes given.
        batch_size: Faces per forward pass; faces of several photos share one.
        on_error: For a photo of a list or folder that cannot be read: `"skip"` logs it, notes it in the
            batch's `errors` and goes on; `"raise"` raises. A single photo always raises.
        recursive: Whether to look into sub-folders of a folder.
        progress: Whether to show a progress bar; by default on a terminal and for more than one photo.
        **predict_options: For `model.predict_crops`.

    Returns:
        `Faces` (empty if there is no face), `Batch` or an iterator; landmarks in pixels of the upright photo.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If an argument is wrong.
    """
    _check_on_error(on_error)
    if isinstance(source, Iterator) and not hasattr(source, "read"):
        stream = align_iter(
            model,
            source,
            detector=detector,
            boxes=boxes,
            refine=refine,
            batch_size=batch_size,
            on_error=on_error,
            **predict_options,
        )
        return track(stream, "Aligning", show=bool(progress))
    folder = _is_folder(source)
    if not folder and not isinstance(source, (list, tuple)):
        given = None if boxes is None else [boxes]
        stream = align_iter(
            model,
            [source],
            detector=detector,
            boxes=given,
            refine=refine,
            batch_size=batch_size,
            on_error="raise",
            keep_images=True,
            **predict_options,
        )
        return next(stream)
    sources = list_images(source, recursive) if folder else list(source)
    if folder and not sources:
        _log.warning("No photos in %s.", source)
    stream = align_iter(
        model,
        sources,
        detector=detector,
        boxes=boxes,
        refine=refine,
        batch_size=batch_size,
        on_error=on_error,
        **predict_options,
    )
    show = False if progress is None and len(sources) < 2 else progress
    return Batch(track(stream, "Aligning", len(sources), show))


def align_iter(
    model: CropModel,
    sources: Iterable,
    *,
    detector="kerasalign",
    boxes: Sequence | None = None,
    refine: int | None = None,
    batch_size: int = 32,
    on_error: str = "skip",
    keep_images: bool = False,
    **predict_options,
) -> Iterator[Faces]:
    """Aligns a stream of photos of any length in bounded memory, in order.

    Files are decoded and searched for faces in threads, some ten to twenty photos ahead of the result that is
    given; fewer where they are large.

    Args:
        model: As in `align`.
        sources: Photos, as in `align`.
        detector: As in `align`.
        boxes: One `(F, 4)` array per photo, as in `align`; `sources` must then have a length.
        refine: As in `align`.
        batch_size: As in `align`.
        on_error: As in `align`.
        keep_images: Whether the results hold the photo's pixels; otherwise `Faces.image` reads it again.
        **predict_options: For `model.predict_crops`.

    Returns:
        Iterator of one `Faces` per photo. Arguments are checked before the first photo is read.
    """
    if model.markup is None:
        raise ValueError(f"`model` must have a markup to say what its points mean. Received: model={model!r}")
    spec = model.crop_spec
    finder = get_detector(detector, model.runtime) if boxes is None else None
    if refine is None:
        refine = finder.refine if finder is not None and spec.box == "landmarks" else 0
    for name, value, least in (("refine", refine, 0), ("batch_size", batch_size, 1)):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    _check_on_error(on_error)
    if refine and spec.box != "landmarks":
        raise ValueError(
            "`refine` crops by the box of the landmarks, and this model's crops are made from "
            f"'{spec.box}' boxes. Received: refine={refine!r}"
        )
    if finder is not None:
        finder.map_to(spec.box)  # refuses boxes of the wrong kind before any work
        detectors = itertools.repeat(finder)
    else:
        if not hasattr(sources, "__len__"):
            raise ValueError(
                "`boxes` are one array per photo of a list or folder. "
                f"Received: boxes with photos of type {type(sources).__name__}"
            )
        if len(boxes) != len(sources):
            raise ValueError(
                f"`boxes` must hold one array of boxes for each of the {len(sources)} photos. "
                f"Received: boxes of length {len(boxes)}"
            )
        detectors = [GivenBoxes(item, name=spec.box) for item in boxes]
    alone = hasattr(sources, "__len__") and len(sources) == 1
    pipeline = Pipeline(model, refine, batch_size, on_error, keep_images, predict_options, threads=not alone)
    return pipeline.run(zip(sources, detectors))


def _check_on_error(on_error: str) -> None:
    if on_error not in ("skip", "raise"):
        raise ValueError(f"`on_error` must be 'skip' or 'raise'. Received: on_error={on_error!r}")


def _is_folder(source) -> bool:
    try:
        return isinstance(source, (str, os.PathLike)) and Path(source).is_dir()
    except OSError:  # a name too long to be one, for instance; reading it will say so
        return False
