"""Photos with their detectors, run through a model in batches of faces."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from kerasalign.data.images import ImageError, load_image, source_name
from kerasalign.geometry import BoxMap, tight_box
from kerasalign.inference.detectors import Detection, Detector
from kerasalign.inference.face import Face
from kerasalign.inference.faces import Faces

_log = logging.getLogger(__name__)

# Photos wait for their batch to fill up; beyond this much memory it is run as it is.
_MAX_WAITING_BYTES = 256 * 2**20

_EXTRAS = ("error", "iterations", "failed", "confidence")


@dataclass
class _Photo:
    """A photo that waits for the landmarks of its faces."""

    source: object
    image: np.ndarray | None = None
    size: tuple[int, int] = (0, 0)
    detections: list[Detection] = field(default_factory=list)
    box_map: BoxMap | None = None
    problem: str = ""


@dataclass(frozen=True)
class Pipeline:
    """A model with the options of `align`.

    Args:
        model: A `LandmarkModel`, or anything with its `markup`, `crop_spec` and `predict_crops`.
        refine: How often each face is cropped anew by the box of its landmarks.
        batch_size: Faces per forward pass.
        on_error: `"skip"` or `"raise"` for photos that cannot be read.
        keep_images: Whether the results hold the photo's pixels.
        options: For `model.predict_crops`.
    """

    model: object
    refine: int
    batch_size: int
    on_error: str
    keep_images: bool
    options: Mapping

    def run(self, photos: Iterable[tuple[object, Detector]]) -> Iterator[Faces]:
        """One `Faces` per pair of photo and detector, in order, as soon as its batch is full."""
        waiting: list[_Photo] = []
        for source, detector in photos:
            waiting.append(self._read(source, detector))
            faces = sum(len(photo.detections) for photo in waiting)
            held = sum(photo.image.nbytes for photo in waiting if photo.image is not None)
            # Photos without a face need not wait for anything.
            if faces >= self.batch_size or held > _MAX_WAITING_BYTES or not faces:
                yield from self._finish(waiting)
                waiting = []
        yield from self._finish(waiting)

    def _read(self, source, detector: Detector) -> _Photo:
        try:
            image = load_image(source)
        except ImageError as error:
            if self.on_error == "raise":
                raise
            _log.warning("Skipped %s: %s.", source_name(source), error.reason)
            return _Photo(source, problem=error.reason)
        # A file object can be read once only, so its pixels stand for it from here on.
        source = image if hasattr(source, "read") else source
        size = image.shape[1], image.shape[0]
        return _Photo(source, image, size, detector.detect(image), detector.map_to(self.model.crop_spec.box))

    def _finish(self, photos: list[_Photo]) -> Iterator[Faces]:
        """The `Faces` of photos, in order."""
        jobs = [(photo, face, photo.box_map(face.box)) for photo in photos for face in photo.detections]
        faces = iter([face for start in range(0, len(jobs), self.batch_size)
                      for face in self._predict(jobs[start : start + self.batch_size])])
        for photo in photos:
            found = [next(faces) for _ in photo.detections]
            image = photo.image if self.keep_images else None
            yield Faces(found, self.model.markup, photo.source, photo.size, image, photo.problem)

    def _predict(self, jobs: list) -> list[Face]:
        boxes = [box for _, _, box in jobs]
        landmarks, outputs = self._once(jobs, boxes)
        for _ in range(self.refine):
            boxes = [_box_of(points, box, found.angle) for points, box, (_, found, _) in zip(landmarks, boxes, jobs)]
            landmarks, outputs = self._once(jobs, boxes)
        faces = []
        for i, ((_, found, _), points) in enumerate(zip(jobs, landmarks)):
            extras = {key: outputs[key][i] for key in _EXTRAS if key in outputs}
            faces.append(Face(points, found.box, self.model.markup, found.score, **extras))
        return faces

    def _once(self, jobs: list, boxes: list[np.ndarray]) -> tuple[list[np.ndarray], dict]:
        spec = self.model.crop_spec
        crops, matrices = zip(*(spec.extract(photo.image, box, found.angle)
                                for (photo, found, _), box in zip(jobs, boxes)))
        outputs = self.model.predict_crops(np.stack(crops), **self.options)
        points = [spec.to_photo(matrix, crop) for matrix, crop in zip(matrices, outputs["landmarks"])]
        return points, outputs


def _box_of(landmarks: np.ndarray, box: np.ndarray, angle: float) -> np.ndarray:
    """The tight box of predicted landmarks, upright; the old box where they have collapsed."""
    try:
        found = tight_box(landmarks, angle)
    except ValueError:
        return box
    return found if (found[2:] - found[:2]).min() > 0.1 * (box[2:] - box[:2]).min() else box
