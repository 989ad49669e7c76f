"""Batches for fine-tuning from a user's own annotations, without cutting crops by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.cache_build import build_cache, cut_crops
from kerasalign.data.loader import FaceLoader
from kerasalign.datasets import EmbeddedImage, FaceSample, get_dataset
from kerasalign.datasets.check import recognize_dataset
from kerasalign.geometry import as_box
from kerasalign.markups import Markup
from kerasalign.support.images import load_image
from kerasalign.training.reading import read_faces

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel


def dataset(
    model: LandmarkModel,
    source: str | os.PathLike[str] | Sequence[Any] | np.ndarray,
    landmarks: Sequence[Any] | np.ndarray | None = None,
    boxes: Sequence[Any] | np.ndarray | None = None,
    *,
    augment: AugmentConfig | str = "none",
    format: str | None = None,
    split: str | None = None,
    batch_size: int = 32,
    seed: int = 0,
    cache: str | os.PathLike[str] | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    **reader: Any,
) -> FaceLoader:
    """Batches of face crops and landmarks for `model.fit` and `model.evaluate`, from photos and annotations.

    Crops are cut as `model.crop_spec` says, the way `align` does.

    Args:
        model: The model to train; it says how crops are cut and what the points mean.
        source: A CSV file, a COCO JSON file, a folder with `.pts` files, or the folder of any data set that the library
            reads; or a list of photos (paths, arrays, ...), with `landmarks`.
        landmarks: For a list of photos: for each, its face's points `(N, 2)`, or those of several faces `(F, N, 2)`, in
            pixels of the photo; NaN where a point is not annotated.
        boxes: For a list of photos: for each, the box of its face `(4,)` or of several `(F, 4)`, of the kind that
            `model.crop_spec.box` names. By default the tight box of the points.
        augment: `"none"` gives every face once, in order, for validation. `"mild"`, any other preset or an
            `AugmentConfig` gives them in a new random order and changed in each epoch, for training.
        format: Name of the data set or of the format of your own data, where the folder does not say.
        split: Split of the data set; by default all of your own data, or the training split.
        batch_size: Faces per batch.
        seed: Seed of order and augmentation.
        cache: Folder to keep the crops in, for data that does not fit into memory or is read often. By default they are
            in memory, about a quarter of a megabyte a face.
        on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
        **reader: Options of the data set's reader, such as `images="photos"`.

    Returns:
        A `FaceLoader`, a `keras.utils.PyDataset` of `(crops, landmarks)`.

    Raises:
        FileNotFoundError: If `source` is a path and nothing is there.
        ValueError: If the points are not those of the model's markup, an argument does not fit, or a face is broken.

    Example:

        train = kerasalign.dataset(model, "train.csv", augment="mild")
        model.compile()
        model.fit(train, validation_data=kerasalign.dataset(model, "test.csv"), epochs=20)
    """
    markup = model.markup
    if markup is None:
        raise ValueError(f"`model` must have a markup. Received: model={model.name!r} without one")
    if isinstance(source, (str, os.PathLike)):
        if landmarks is not None or boxes is not None:
            raise ValueError("`landmarks` and `boxes` belong to a list of photos. Received: both a path and these")
        samples = _of_path(Path(source).expanduser(), markup, format, split, on_error, reader)
    else:
        given = [name for name, value in (("format", format), ("split", split), *reader.items()) if value is not None]
        if given:
            raise ValueError(f"A list of photos has no options of a reader. Received: {given}")
        samples = _of_photos(list(source), landmarks, boxes, markup, model.crop_spec.box)
    config = AugmentConfig.preset(augment) if isinstance(augment, str) else augment
    kind = model.crop_spec.box
    if boxes is not None and kind == "landmarks":
        # Given boxes stand for the tight box of the points, and follow them.
        kind, config = _GIVEN, replace(config, rebox="relative")
    if cache is None:
        crops = cut_crops(samples, model.crop_spec, box=kind, on_error=on_error)
    else:
        crops = build_cache(samples, model.crop_spec, cache, box=kind, on_error=on_error)
    shuffle = augment != "none"
    return FaceLoader(crops, model.crop_spec, markup, config, batch_size, seed=seed, shuffle=shuffle, drop_last=False)


def _of_path(
    path: Path,
    markup: Markup,
    name: str | None,
    split: str | None,
    on_error: Literal["raise", "skip"],
    reader: dict[str, Any],
) -> list[FaceSample]:
    if not path.exists():
        raise FileNotFoundError(f"`source` must be a file or folder of annotations. Received: source={str(path)!r}")
    found = recognize_dataset(path) if name is None else get_dataset(name)
    if split is None:
        splits = found.splits_of(path)
        split = "all" if "all" in splits else "train"
    return read_faces(found.name, path, split, markup.name, on_error, reader)


def _of_photos(photos: list[Any], landmarks: Any, boxes: Any, markup: Markup, kind: str) -> list[FaceSample]:
    if landmarks is None:
        raise ValueError("A list of photos needs `landmarks`, one array for each. Received: landmarks=None")
    for name, values in (("landmarks", landmarks), ("boxes", boxes)):
        if values is not None and len(values) != len(photos):
            raise ValueError(f"`{name}` must be one per photo, {len(photos)}. Received: {len(values)}")
    samples = []
    for index in range(len(photos)):
        points = np.asarray(landmarks[index], "float64")
        faces = points[None] if points.ndim == 2 else points
        if faces.ndim != 3 or faces.shape[1:] != (markup.num_points, 2):
            raise ValueError(
                f"`landmarks` of each photo must be ({markup.num_points}, 2), or (F, {markup.num_points}, 2), for "
                f"markup '{markup.name}'. Received: shape {points.shape} for photo {index}"
            )
        given: list[Any] = [None] * len(faces)
        if boxes is not None:
            given = list(np.atleast_2d(np.asarray(boxes[index], "float64")))
            if len(given) != len(faces):
                raise ValueError(
                    f"`boxes` must be one per face. Received: {len(given)} for the {len(faces)} of photo {index}"
                )
        image = EmbeddedImage(Path("photos"), str(index), _Reader(photos))
        for number, (face, box) in enumerate(zip(faces, given)):
            name = f"{index}" if len(faces) == 1 else f"{index}#{number}"
            known = {} if box is None else {_GIVEN if kind == "landmarks" else kind: as_box(box, "boxes")}
            samples.append(FaceSample(image, face, markup.name, name, known))
    if not samples:
        raise ValueError("`source` must hold at least one photo with a face. Received: none")
    return samples


#: Kind of boxes that stand for the tight box of the landmarks.
_GIVEN = "given"


class _Reader:
    """Reads a photo of a list by its number."""

    def __init__(self, photos: list[Any]) -> None:
        self._photos = photos

    def __call__(self, path: Path, name: str) -> np.ndarray:
        return load_image(self._photos[int(name)])
