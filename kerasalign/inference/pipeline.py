"""Runs photos through detector and model, in batches of faces."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.core.error_calibration import calibrated_outputs
from kerasalign.detection import Detection, Detector
from kerasalign.detection.select import select_faces
from kerasalign.geometry import BoxMap, box_iou, box_size
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces
from kerasalign.markups import Markup
from kerasalign.support.images import ImageError, decoded_bytes, load_image, source_name
from kerasalign.support.prefetch import prefetch

_log = logging.getLogger(__name__)

#: What happens with a photo that cannot be read.
OnError = Literal["skip", "raise"]

# Photos wait until their batch is full. If they hold more bytes than this, the batch runs as it is.
_MAX_WAITING_BYTES = 128 * 2**20
#: No further photo is read while those that are not finished take so many bytes.
MAX_BYTES = 512 * 2**20
# Memory of a photo that is being read, in sizes of its pixels: a decoder needs some of its own.
_DECODING = 2.2
#: Threads that read photos before the detector needs them.
READERS = max(2, min(8, os.cpu_count() or 1))
#: The detector gets so many photos at once, or fewer if they hold so many bytes.
GROUP_SIZE, GROUP_BYTES = 4, 64 * 2**20
# These may be read in any thread. Other sources may not: the same open file can stand in a list twice.
_THREAD_SAFE = (str, os.PathLike, bytes)
#: The box of a face's landmarks agrees with its crop from this intersection over union on, and up to these degrees.
#: A second crop by a box that agrees costs as much as the first one and gains next to nothing.
AGREEING_IOU, AGREEING_DEGREES = 0.75, 5.0
# Outputs of the model that a `Face` keeps, beside the landmarks.
_EXTRA_OUTPUTS = ("error", "iterations", "failed", "confidence")


@dataclass
class _Photo:
    """A photo whose faces wait for their landmarks."""

    source: Any
    detector: Detector
    image: np.ndarray | None = None
    size: tuple[int, int] = (0, 0)
    detections: list[Detection] = field(default_factory=list)
    box_map: BoxMap = field(default_factory=BoxMap)
    error: ImageError | None = None


@dataclass(frozen=True)
class _Job:
    """A detected face, and the box and angle that its next crop is cut by."""

    image: np.ndarray
    detection: Detection
    box: np.ndarray
    angle: float


class _Memory:
    """Counts the bytes of photos that are read or being read. Several threads may add to it."""

    def __init__(self, limit: int):
        self._limit, self._bytes, self._lock = limit, 0, Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._bytes += count

    def full(self) -> bool:
        return self._bytes > self._limit


@dataclass(frozen=True)
class Pipeline:
    """A model with the options of `align`.

    One group of threads reads photos, another thread detects faces in them, and the caller's thread predicts the
    landmarks of the photos before them.

    Args:
        model: As in `align`.
        refine: How often at most a face is cropped again, by the upright box of its landmarks.
        batch_size: Faces per forward pass.
        on_error: `"skip"` or `"raise"` for photos that cannot be read.
        keep_images: Whether results hold the photo's pixels.
        options: For `model.predict_crops`.
        max_error: Faces with a larger `error` are left out; `None`: none.
        threads: Whether to use threads; for a single photo they would do nothing.
        group_size: Largest number of photos that the detector gets at once.
        group_bytes: Bytes of pixels from which on a group gets no further photo.
        read: Reads a photo: from a source to `(H, W, 3)` uint8 RGB.
        max_bytes: Bytes of photos that are not finished from which on no further one is read.
        max_faces: Largest number of faces of a photo, the largest ones; `None`: all.
        min_score: Lowest score of a face; `None`: any.
    """

    model: CropModel
    refine: int
    batch_size: int
    on_error: OnError
    keep_images: bool
    options: Mapping[str, Any]
    max_error: float | None = None
    threads: bool = True
    group_size: int = GROUP_SIZE
    group_bytes: int = GROUP_BYTES
    read: Callable[[Any], np.ndarray] = load_image
    max_bytes: int = MAX_BYTES
    max_faces: int | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        # Other outputs, such as heatmaps, can be a hundred times as large as the landmarks.
        object.__setattr__(self, "options", {"outputs": ("landmarks", *_EXTRA_OUTPUTS)} | dict(self.options))

    @property
    def markup(self) -> Markup:
        """Markup of the landmarks; `align` refuses models without one."""
        if self.model.markup is None:
            raise ValueError(f"`model` must have a markup. Received: model={self.model!r}")
        return self.model.markup

    def run(self, photos: Iterable[tuple[Any, Detector]]) -> Iterator[Faces]:
        """Aligns photos.

        Args:
            photos: Pairs of a photo and its detector.

        Returns:
            Iterator of one `Faces` per photo, in order; a photo's comes as soon as its batch is full.
        """
        if not self.threads:
            yield from self._in_batches(self._detect([self._read(*item)])[0] for item in photos)
            return
        readers, finder = ThreadPoolExecutor(READERS, "kerasalign-read"), ThreadPoolExecutor(1, "kerasalign-search")
        try:
            memory = _Memory(self.max_bytes)
            read = prefetch(lambda item: self._start_reading(readers, memory, *item), photos, READERS, memory.full)
            groups = prefetch(lambda group: finder.submit(self._detect, group).result, self._group(read), 1)
            yield from self._in_batches(itertools.chain.from_iterable(groups), memory)
        finally:
            for pool in (readers, finder):
                pool.shutdown(cancel_futures=True)

    def _in_batches(self, photos: Iterable[_Photo], memory: _Memory | None = None) -> Iterator[Faces]:
        waiting: list[_Photo] = []
        source, problem = iter(photos), None
        while problem is None:
            try:
                photo = next(source)
            except StopIteration:
                break
            except Exception as error:
                # Results of the photos before it come first.
                problem = error
                continue
            if photo.error is not None:
                if self.on_error == "raise":
                    problem = photo.error
                    continue
                _log.warning("Skipped %s: %s.", source_name(photo.source), photo.error.reason)
            waiting.append(photo)
            faces = sum(len(photo.detections) for photo in waiting)
            waiting_bytes = sum(photo.image.nbytes for photo in waiting if photo.image is not None)
            # Photos without a face need not wait.
            if faces >= self.batch_size or waiting_bytes > _MAX_WAITING_BYTES or not faces:
                yield from self._finish(waiting)
                if memory is not None:
                    memory.add(-waiting_bytes)
                waiting = []
        yield from self._finish(waiting)
        if problem is not None:
            raise problem

    def _start_reading(
        self, readers: ThreadPoolExecutor, memory: _Memory, source: Any, detector: Detector
    ) -> Callable[[], _Photo]:
        expected = int(_DECODING * decoded_bytes(source))

        def read() -> _Photo:
            photo = self._read(source, detector)
            memory.add((photo.image.nbytes if photo.image is not None else 0) - expected)
            return photo

        memory.add(expected)
        if isinstance(source, _THREAD_SAFE):
            return readers.submit(read).result
        photo = read()
        return lambda: photo

    def _read(self, source: Any, detector: Detector) -> _Photo:
        try:
            image = self.read(source)
        except ImageError as error:
            return _Photo(source, detector, error=error)
        # A file object can be read only once: from here on its pixels are the source.
        source = image if hasattr(source, "read") else source
        return _Photo(source, detector, image, (image.shape[1], image.shape[0]))

    def _group(self, photos: Iterable[_Photo]) -> Iterator[list[_Photo]]:
        """Photos in the groups that the detector gets at once."""
        group, size = [], 0
        try:
            for photo in photos:
                group.append(photo)
                size += photo.image.nbytes if photo.image is not None else 0
                if len(group) == self.group_size or size >= self.group_bytes:
                    yield group
                    group, size = [], 0
        except Exception:
            if group:
                yield group
            raise
        if group:
            yield group

    def _detect(self, photos: list[_Photo]) -> list[_Photo]:
        """The same photos with their detections."""
        readable = [photo for photo in photos if photo.image is not None]
        for detector, group in itertools.groupby(readable, lambda photo: photo.detector):
            same_detector = list(group)
            images = [photo.image for photo in same_detector if photo.image is not None]
            for photo, detections in zip(same_detector, detector.detect_many(images)):
                photo.detections = select_faces(detections, self.max_faces, self.min_score)
                photo.box_map = detector.map_to(self.model.crop_spec.box)
        return photos

    def _finish(self, photos: list[_Photo]) -> Iterator[Faces]:
        """The `Faces` of photos, in order."""
        jobs = [
            _Job(photo.image, detection, photo.box_map(detection.box), detection.angle)
            for photo in photos
            if photo.image is not None
            for detection in photo.detections
        ]
        batches = (jobs[start : start + self.batch_size] for start in range(0, len(jobs), self.batch_size))
        faces = iter([face for batch in batches for face in self._predict(batch)])
        for photo in photos:
            yield Faces(
                [face for face in itertools.islice(faces, len(photo.detections)) if not self._vetoed(face)],
                self.markup,
                photo.source,
                photo.size,
                photo.image if self.keep_images else None,
                photo.error.reason if photo.error else "",
            )

    def _vetoed(self, face: Face) -> bool:
        return self.max_error is not None and face.error > self.max_error

    def _predict(self, jobs: list[_Job]) -> list[Face]:
        jobs, results = list(jobs), self._predict_crops(jobs)
        for _ in range(self.refine):
            again = {
                i: job
                for i, (old, (landmarks, _)) in enumerate(zip(jobs, results))
                if (job := self._refined(old, landmarks)) is not None
            }
            if not again:
                break
            for i, result in zip(again, self._predict_crops([*again.values()])):
                jobs[i], results[i] = again[i], result
        return [
            Face(points, job.detection.box, self.markup, job.detection.score, angle=job.detection.angle, **extras)
            for job, (points, extras) in zip(jobs, results)
        ]

    def _predict_crops(self, jobs: Sequence[_Job]) -> list[tuple[np.ndarray, dict[str, Any]]]:
        """Landmarks `(N, 2)` of each face in pixels of its photo, and what else a `Face` keeps."""
        spec = self.model.crop_spec
        crops, matrices = zip(*(spec.extract(job.image, job.box, job.angle) for job in jobs))
        outputs = calibrated_outputs(self.model, self.model.predict_crops(np.stack(crops), **self.options))
        extras = [key for key in _EXTRA_OUTPUTS if key in outputs]
        return [
            (spec.to_photo(matrix, crop), {key: outputs[key][i] for key in extras})
            for i, (matrix, crop) in enumerate(zip(matrices, outputs["landmarks"]))
        ]

    def _refined(self, job: _Job, landmarks: np.ndarray) -> _Job | None:
        """The job with the upright box of predicted landmarks.

        `None` where that box agrees with the crop's, or where the landmarks have collapsed.
        """
        try:
            box, angle = self.markup.upright_box(landmarks)
        except ValueError:
            return None
        if box_size(box).min() <= 0.1 * box_size(job.box).min():
            return None
        turned = abs((angle - job.angle + 180) % 360 - 180)
        if turned <= AGREEING_DEGREES and box_iou(box, job.box) >= AGREEING_IOU:
            return None
        return _Job(job.image, job.detection, box, angle)
