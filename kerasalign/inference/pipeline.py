"""Photos with their detectors, run through a model in batches of faces."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.detection import Detection, Detector
from kerasalign.geometry import BoxMap, box_size
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces
from kerasalign.support.images import ImageError, load_image, source_name
from kerasalign.support.prefetch import prefetch

_log = logging.getLogger(__name__)

# Photos wait for their batch to fill up; beyond this much memory it is run as it is.
_MAX_WAITING_BYTES = 256 * 2**20
# Photos that are decoded at the same time, ahead of the detector.
_READERS = max(2, min(8, os.cpu_count() or 1))
# Photos that the detector gets together, fewer where they are large.
_TOGETHER, _TOGETHER_BYTES = 4, 64 * 2**20
# What can be decoded in any thread: an open file or picture may stand in a list twice.
_ANYWHERE = (str, os.PathLike, bytes)

# What faces keep of the model's outputs beside the landmarks.
_EXTRAS = ("error", "iterations", "failed", "confidence")


@dataclass
class _Photo:
    """A photo that waits for the landmarks of its faces."""

    source: object
    detector: Detector
    image: np.ndarray | None = None
    size: tuple[int, int] = (0, 0)
    detections: list[Detection] = field(default_factory=list)
    box_map: BoxMap | None = None
    error: ImageError | None = None


@dataclass(frozen=True)
class Pipeline:
    """A model with the options of `align`.

    Photos are decoded in some threads and searched for faces in another one, while those before them get their
    landmarks where the results are used.

    Args:
        model: As in `align`.
        refine: How often each face is cropped anew by the upright box of its landmarks.
        batch_size: Faces per forward pass.
        on_error: `"skip"` or `"raise"` for photos that cannot be read.
        keep_images: Whether the results hold the photo's pixels.
        options: For `model.predict_crops`.
        threads: Whether to work ahead; for a single photo there is nothing to work ahead on.
    """

    model: CropModel
    refine: int
    batch_size: int
    on_error: str
    keep_images: bool
    options: Mapping
    threads: bool = True

    def __post_init__(self) -> None:
        # Heatmaps and the like of a batch can be a hundred times as large as its landmarks.
        object.__setattr__(self, "options", {"outputs": ("landmarks", *_EXTRAS)} | dict(self.options))

    def run(self, photos: Iterable[tuple[object, Detector]]) -> Iterator[Faces]:
        """One `Faces` per pair of photo and detector, in order, as soon as its batch is full."""
        if not self.threads:
            yield from self._in_batches(self._search([self._read(*item)])[0] for item in photos)
            return
        readers, finder = ThreadPoolExecutor(_READERS, "kerasalign-read"), ThreadPoolExecutor(1, "kerasalign-search")
        try:
            read = prefetch(lambda item: self._start_reading(readers, *item), photos, _READERS)
            found = prefetch(lambda group: finder.submit(self._search, group).result, _together(read), 1)
            yield from self._in_batches(itertools.chain.from_iterable(found))
        finally:
            for pool in (readers, finder):
                pool.shutdown(cancel_futures=True)

    def _in_batches(self, photos: Iterable[_Photo]) -> Iterator[Faces]:
        waiting: list[_Photo] = []
        source, problem = iter(photos), None
        while problem is None:
            try:
                photo = next(source)
            except StopIteration:
                break
            except Exception as error:
                # Photos that were read and searched before it have their results first.
                problem = error
                continue
            if photo.error is not None:
                if self.on_error == "raise":
                    problem = photo.error
                    continue
                _log.warning("Skipped %s: %s.", source_name(photo.source), photo.error.reason)
            waiting.append(photo)
            faces = sum(len(photo.detections) for photo in waiting)
            held = sum(photo.image.nbytes for photo in waiting if photo.image is not None)
            # Photos without a face need not wait for anything.
            if faces >= self.batch_size or held > _MAX_WAITING_BYTES or not faces:
                yield from self._finish(waiting)
                waiting = []
        yield from self._finish(waiting)
        if problem is not None:
            raise problem

    def _start_reading(self, readers: ThreadPoolExecutor, source, detector: Detector) -> Callable[[], _Photo]:
        if isinstance(source, _ANYWHERE):
            return readers.submit(self._read, source, detector).result
        photo = self._read(source, detector)
        return lambda: photo

    def _read(self, source, detector: Detector) -> _Photo:
        try:
            image = load_image(source)
        except ImageError as error:
            return _Photo(source, detector, error=error)
        # A file object can be read once only, so its pixels stand for it from here on.
        source = image if hasattr(source, "read") else source
        return _Photo(source, detector, image, (image.shape[1], image.shape[0]))

    def _search(self, photos: list[_Photo]) -> list[_Photo]:
        """The same photos with their faces' boxes."""
        readable = [photo for photo in photos if photo.image is not None]
        for detector, group in itertools.groupby(readable, lambda photo: photo.detector):
            some = list(group)
            for photo, found in zip(some, detector.detect_many([photo.image for photo in some])):
                photo.detections, photo.box_map = found, detector.map_to(self.model.crop_spec.box)
        return photos

    def _finish(self, photos: list[_Photo]) -> Iterator[Faces]:
        """The `Faces` of photos, in order."""
        jobs = [(photo, face, photo.box_map(face.box)) for photo in photos for face in photo.detections]
        faces = iter(
            [
                face
                for start in range(0, len(jobs), self.batch_size)
                for face in self._predict(jobs[start : start + self.batch_size])
            ]
        )
        for photo in photos:
            found = [next(faces) for _ in photo.detections]
            image = photo.image if self.keep_images else None
            yield Faces(
                found, self.model.markup, photo.source, photo.size, image, photo.error.reason if photo.error else ""
            )

    def _predict(self, jobs: list) -> list[Face]:
        places = [(box, found.angle) for _, found, box in jobs]
        landmarks, outputs = self._once(jobs, places)
        for _ in range(self.refine):
            places = [self._again(*place, points) for place, points in zip(places, landmarks)]
            landmarks, outputs = self._once(jobs, places)
        faces = []
        for i, ((_, found, _), points) in enumerate(zip(jobs, landmarks)):
            extras = {key: outputs[key][i] for key in _EXTRAS if key in outputs}
            faces.append(Face(points, found.box, self.model.markup, found.score, angle=found.angle, **extras))
        return faces

    def _once(self, jobs: list, places: list[tuple[np.ndarray, float]]) -> tuple[list[np.ndarray], dict]:
        """Landmarks in the photos and other outputs, of crops at boxes and their angles."""
        spec = self.model.crop_spec
        crops, matrices = zip(*(spec.extract(photo.image, *place) for (photo, _, _), place in zip(jobs, places)))
        outputs = self.model.predict_crops(np.stack(crops), **self.options)
        points = [spec.to_photo(matrix, crop) for matrix, crop in zip(matrices, outputs["landmarks"])]
        return points, outputs

    def _again(self, box: np.ndarray, angle: float, landmarks: np.ndarray) -> tuple[np.ndarray, float]:
        """The upright box of predicted landmarks and its angle; the old ones where landmarks have collapsed."""
        try:
            found, turned = self.model.markup.upright_box(landmarks)
        except ValueError:
            return box, angle
        whole = box_size(found).min() > 0.1 * box_size(box).min()
        return (found, turned) if whole else (box, angle)


def _together(photos: Iterable[_Photo]) -> Iterator[list[_Photo]]:
    """Photos in groups that the detector gets at once."""
    group, size = [], 0
    try:
        for photo in photos:
            group.append(photo)
            size += photo.image.nbytes if photo.image is not None else 0
            if len(group) == _TOGETHER or size >= _TOGETHER_BYTES:
                yield group
                group, size = [], 0
    except Exception:
        if group:
            yield group
        raise
    if group:
        yield group
