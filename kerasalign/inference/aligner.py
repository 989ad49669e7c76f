"""Photo in, landmarks out: detect, crop, predict, map back."""

from __future__ import annotations

import difflib
import inspect
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.detection import Detector, GivenBoxes, get_detector
from kerasalign.inference.batch import Batch
from kerasalign.inference.faces import Faces
from kerasalign.inference.pipeline import OnError, Pipeline
from kerasalign.inference.sources import in_rgb, is_folder, photo_list
from kerasalign.support.checks import in_range, positive, shown
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.core.align_mixin import Photo

    DetectorLike = str | Detector | Callable[[np.ndarray], Any]

_log = logging.getLogger(__name__)


@overload
def align(model: CropModel, source: Photo, **options: Any) -> Faces: ...


@overload
def align(model: CropModel, source: Sequence[Photo], **options: Any) -> Batch: ...


@overload
def align(model: CropModel, source: Iterator[Photo], **options: Any) -> Iterator[Faces]: ...


def align(
    model: CropModel,
    source: Any,
    *,
    detector: DetectorLike = "kerasalign",
    boxes: Any = None,
    refine: int | None = None,
    batch_size: int = 32,
    on_error: OnError = "skip",
    max_error: float | None = None,
    recursive: bool = False,
    progress: bool | None = None,
    max_faces: int | None = None,
    min_score: float | None = None,
    color: Literal["rgb", "bgr"] = "rgb",
    **predict_options: Any,
) -> Faces | Batch | Iterator[Faces]:
    """Finds the faces of a photo, or of many, and their landmarks.

    The type of the result depends on `source` alone: one photo gives `Faces`, a list or a folder a `Batch` of `Faces`,
    an iterator of photos an iterator of `Faces`, which holds few photos in memory. Type checkers take any path for that
    of a photo.

    Args:
        model: A `LandmarkModel` or `RuntimeModel`, or any other `CropModel`.
        source: A photo (path, http(s) address, bytes, binary file object, PIL image, RGB array), a list or tuple of
            photos, an array `(B, H, W, 3)` of them, the path of a folder or a pattern such as `"photos/*.jpg"`, whose
            photos are taken in the order of their names, or an iterator of any number of photos.
        detector: `"kerasalign"`, `"mtcnn"`, a `Detector`, or a function from a photo to its face boxes. For more than
            one photo it is called in a separate thread, one photo after the other. `"kerasalign"` runs in the model's
            runtime: Keras, ONNX Runtime or LiteRT.
        boxes: Face boxes instead of a detector, of the kind that `model.crop_spec.box` names (`"landmarks"`: the tight
            box of the landmarks): `(F, 4)` for one photo, a list of such arrays for many.
        refine: How often at most a face is cropped again, by the upright box of its landmarks, and predicted again: a
            face whose crop agrees with that box is not. By default the detector's own setting: once for
            `"kerasalign"`, never for given boxes.
        batch_size: Faces per forward pass; faces of several photos share one.
        on_error: What happens when a photo of a list or folder cannot be read: `"skip"` logs it, adds it to the batch's
            `errors` and continues; `"raise"` raises. A single photo always raises.
        max_error: Faces whose `error` is above this, in percent, are left out: a veto against false finds of the
            detector, for models that estimate their error. By default all faces are kept, and `failed` marks those
            above the failure threshold.
        recursive: Whether to search the sub-folders of a folder.
        progress: Whether to show a progress bar; by default on a terminal and for more than one photo.
        max_faces: How many faces of a photo to align, the largest ones; `None`: all.
        min_score: Lowest detection score of a face. A detector that is named searches with it.
        color: Order of the channels of arrays: `"rgb"`, or `"bgr"` as OpenCV's `imread` gives them. Photos of other
            kinds know it themselves.
        **predict_options: For `model.predict_crops`.

    Returns:
        `Faces` (empty if there is no face), a `Batch` or an iterator; landmarks are in pixels of the upright photo.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If an argument is wrong.
    """
    _check_on_error(on_error)
    options = {"detector": detector, "refine": refine, "batch_size": batch_size, "max_error": max_error}
    options |= {"max_faces": max_faces, "min_score": min_score} | predict_options
    source = in_rgb(source, color)
    if isinstance(source, Iterator) and not hasattr(source, "read"):
        stream = align_iter(model, source, boxes=boxes, on_error=on_error, **options)
        return track(stream, "Aligning", show=bool(progress))
    sources = photo_list(source, recursive)
    if sources is None:
        boxes = None if boxes is None else [boxes]
        return next(align_iter(model, [source], boxes=boxes, on_error="raise", keep_images=True, **options))
    if not sources and is_folder(source):
        _log.warning("No photos in %s.", source)
    stream = align_iter(model, sources, boxes=boxes, on_error=on_error, **options)
    show = False if progress is None and len(sources) < 2 else progress
    return Batch(list(track(stream, "Aligning", len(sources), show)))


def align_iter(
    model: CropModel,
    sources: Iterable[Any],
    *,
    detector: DetectorLike = "kerasalign",
    boxes: Sequence[Any] | None = None,
    refine: int | None = None,
    batch_size: int = 32,
    on_error: OnError = "skip",
    max_error: float | None = None,
    keep_images: bool = False,
    max_faces: int | None = None,
    min_score: float | None = None,
    **predict_options: Any,
) -> Iterator[Faces]:
    """Aligns any number of photos in bounded memory, in order.

    Threads decode files and detect faces in advance, about ten to twenty photos before the result that is yielded;
    fewer if photos are large.

    Args:
        model: As in `align`.
        sources: Photos, as in `align`.
        detector: As in `align`.
        boxes: One `(F, 4)` array per photo, as in `align`; `sources` must then have a length.
        refine: As in `align`.
        batch_size: As in `align`.
        on_error: As in `align`.
        max_error: As in `align`.
        keep_images: Whether results hold the photo's pixels; otherwise `Faces.image` reads the photo again.
        max_faces: As in `align`.
        min_score: As in `align`.
        **predict_options: For `model.predict_crops`.

    Returns:
        Iterator of one `Faces` per photo. Arguments are checked before the first photo is read.

    Raises:
        ImageError: If a photo cannot be read and `on_error` is `"raise"`.
        ValueError: If an argument is wrong.
    """
    if model.markup is None:
        raise ValueError(f"`model` must have a markup to say what its points mean. Received: model={model!r}")
    spec = model.crop_spec
    check_options(model, predict_options)
    if min_score is not None:
        in_range(0, 1, min_score=min_score)
    shared = get_detector(detector, model.runtime, min_score) if boxes is None else None
    if refine is None:
        refine = shared.refine if shared is not None and spec.box == "landmarks" else 0
    faces = 1 if max_faces is None else max_faces
    for name, value, smallest in (("refine", refine, 0), ("batch_size", batch_size, 1), ("max_faces", faces, 1)):
        if not isinstance(value, (int, np.integer)) or value < smallest:
            raise ValueError(f"`{name}` must be an integer of at least {smallest}. Received: {name}={value!r}")
    _check_on_error(on_error)
    if max_error is not None:
        positive(max_error=max_error)
    if refine and spec.box != "landmarks":
        raise ValueError(
            "`refine` crops by the box of the landmarks, and this model's crops are made from "
            f"'{spec.box}' boxes. Received: refine={refine!r}"
        )
    if shared is not None:
        shared.map_to(spec.box)  # raises for boxes of the wrong kind, before any work
        detectors: Iterable[Detector] = itertools.repeat(shared)
    else:
        detectors = _detectors_of_boxes(boxes, sources, spec.box)
    count = len(sources) if isinstance(sources, Sized) else None
    pipeline = Pipeline(
        model,
        refine,
        batch_size,
        on_error,
        keep_images,
        predict_options,
        max_error,
        threads=count != 1,
        max_faces=max_faces,
        min_score=min_score,
    )
    return pipeline.run(zip(sources, detectors))


def check_options(model: CropModel, options: Mapping[str, Any]) -> None:
    """Raises unless a model's `predict_crops` takes options of these names."""
    parameters = inspect.signature(model.predict_crops).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    names = [parameter.name for parameter in parameters if parameter.name != "crops"]
    unknown = sorted(set(options) - set(names))
    if unknown:
        own = [*inspect.signature(align).parameters][2:-1]
        near = difflib.get_close_matches(unknown[0], [*own, *names], 1)
        raise ValueError(
            f"`align` takes the options {own}, and of this model {names}{f'; is {near[0]!r} meant?' if near else ''}. "
            f"Received: {', '.join(f'{name}={shown(options[name])}' for name in unknown)}"
        )


def _detectors_of_boxes(boxes: Any, sources: Any, kind: str) -> list[GivenBoxes]:
    """One detector per photo, from its boxes."""
    if not isinstance(sources, Sized):
        raise ValueError(
            "`boxes` are one array per photo of a list or folder. "
            f"Received: boxes with photos of type {type(sources).__name__}"
        )
    if len(boxes) != len(sources):
        raise ValueError(
            f"`boxes` must hold one array of boxes for each of the {len(sources)} photos. "
            f"Received: boxes of length {len(boxes)}"
        )
    return [GivenBoxes(item, name=kind) for item in boxes]


def _check_on_error(on_error: str) -> None:
    if on_error not in ("skip", "raise"):
        raise ValueError(f"`on_error` must be 'skip' or 'raise'. Received: on_error={on_error!r}")
