"""Follows faces from frame to frame: detected once, then cropped by their landmarks in the frame before."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.core.error_calibration import calibration_decides_failure
from kerasalign.detection import Detection, Detector, get_detector
from kerasalign.geometry import (
    SAME_FACE_IOU,
    apply_affine,
    box_center,
    box_iou,
    box_size,
    estimate_similarity,
    tight_box,
)
from kerasalign.inference.aligner import align
from kerasalign.inference.face import Face
from kerasalign.inference.video.one_euro import OneEuroFilter


@dataclass(eq=False)
class Track:
    """A face that is being followed.

    Args:
        number: Number of the face, the same in all frames; no other face gets it.
        face: The face as the model predicted it in the last frame.
        smooth: The filter of its landmarks; `None` without smoothing.
        frames: Number of frames in which it was followed.
        misses: How often in a row the detector did not find it.

    Attributes:
        smoothed: The face with smoothed landmarks.
    """

    number: int
    face: Face
    smooth: OneEuroFilter | None = None
    smoothed: Face = field(init=False)
    frames: int = 1
    misses: int = 0

    def __post_init__(self) -> None:
        self.smoothed = self.face


class FaceTracker:
    """Detects faces once and then crops each frame by the landmarks of the one before, turned upright by them.

    A face is lost when the model reports a failure, when its confidence or error estimate is out of bounds, or by
    geometry: its box jumps, changes its size too much or leaves the image, or its points do not form a face.

    When a face is lost, and every `redetect_every` frames, the detector runs. It adds new faces and drops those that
    are gone: a network without a confidence would keep predicting a face where there is none. A face that the detector
    does not find stays if `Detector.verify_faces` confirms it. With a detector that cannot do that, it stays until the
    detector has missed it in `max_misses` frames in a row.

    Args:
        model: A `CropModel` whose crops are cut by the box of the landmarks.
        detector: As in `align`.
        redetect_every: The detector runs every so many frames; 0: only when a face is lost.
        search_every: The detector runs every so many frames while there is no face.
        max_misses: A detector without `verify_faces` drops a face that it misses in so many frames in a row.
        max_faces: How many faces to follow, the largest first; `None`: all.
        smooth: A `OneEuroFilter`; every face gets a filter with its settings. `None`: no smoothing.
        min_confidence: Smallest mean confidence of a face, for models that give one.
        max_error: Largest `error` of a face in percent, for models that estimate theirs.
        max_residual: Largest mean distance of the points from the markup's mean shape that is fitted to them, in sizes
            of the shape.
        min_overlap: Smallest intersection over union of a face's box with that of the frame before.
        min_side: Smallest side of a face's box in pixels.

    Attributes:
        tracks: The faces in the last frame.
        detector_runs: How often the detector ran.

    Raises:
        ValueError: If an argument is out of range, or the model's crops are cut by other boxes.

    Example:

        tracker = FaceTracker(model, max_faces=1)
        for seconds, image in VideoSource(0):
            tracks = tracker.update(image, seconds)
    """

    def __init__(
        self,
        model: CropModel,
        detector: str | Detector | Callable[[np.ndarray], Any] = "kerasalign",
        *,
        redetect_every: int = 30,
        search_every: int = 1,
        max_misses: int = 3,
        max_faces: int | None = None,
        smooth: OneEuroFilter | None = None,
        min_confidence: float = 0.3,
        max_error: float = 25.0,
        max_residual: float = 0.2,
        min_overlap: float = 0.3,
        min_side: float = 12.0,
    ):
        if model.crop_spec.box != "landmarks":
            raise ValueError(
                "A tracker crops by the box of the landmarks, and this model's crops are made from "
                f"'{model.crop_spec.box}' boxes. Received: model={model!r}"
            )
        smallest = {
            "redetect_every": (redetect_every, 0),
            "search_every": (search_every, 1),
            "max_misses": (max_misses, 1),
            "max_faces": (1 if max_faces is None else max_faces, 1),
        }
        for name, (value, bound) in smallest.items():
            if value < bound:
                raise ValueError(f"`{name}` must be at least {bound}. Received: {name}={value!r}")
        if model.markup is None:
            raise ValueError(f"`model` must have a markup to say what its points mean. Received: model={model!r}")
        self.model = model
        self.markup = model.markup
        self.detector = get_detector(detector, model.runtime)
        self.redetect_every = redetect_every
        self.search_every = search_every
        self.max_misses = max_misses
        self.max_faces = max_faces
        self.smooth = smooth
        self.min_confidence = min_confidence
        self.max_error = max_error
        self.max_residual = max_residual
        self.min_overlap = min_overlap
        self.min_side = min_side
        self._numbers = itertools.count(1)
        self.detector_runs = 0
        self.reset()

    def reset(self) -> None:
        """Forgets all faces, before another video."""
        self.tracks: list[Track] = []
        # Frames since the detector ran; `None` before the first frame.
        self._frames_since: int | None = None

    def expects_detection(self, frames: int) -> bool:
        """Whether the detector will run in a later frame, if no face is lost before it.

        The detection can then start in advance. While no face is followed, the answer is False except for the first
        frame: the detector runs anyway, and no landmarks are predicted in the meantime.

        Args:
            frames: Number of frames before that one; 0 for the next frame.
        """
        if self._frames_since is None:
            return frames == 0
        return bool(self.tracks and self.redetect_every) and not (self._frames_since + 1 + frames) % self.redetect_every

    def update(
        self, image: np.ndarray, seconds: float, detect: Callable[[], list[Detection]] | None = None
    ) -> list[Track]:
        """Follows the faces into the next frame.

        Args:
            image: `(H, W, 3)` uint8 RGB.
            seconds: Time of the frame; it must grow from call to call.
            detect: Returns the detector's faces in the image, where the detection has started already. It is called
                only if they are needed.

        Returns:
            The faces in this frame, in the order in which they appeared.
        """
        followed, lost = self._follow(image)
        if self._needs_detection(bool(followed), lost):
            self.tracks = self._redetect(image, followed, detect or partial(self.detector.detect, image))
        else:
            self._frames_since = (self._frames_since or 0) + 1
            self.tracks = followed
        for track in self.tracks:
            if track.smooth is None:
                track.smoothed = track.face
            else:
                track.smoothed = replace(track.face, landmarks=track.smooth(track.face.landmarks, seconds))
        return list(self.tracks)

    def _needs_detection(self, any_face: bool, lost: bool) -> bool:
        # A face that the detector has missed is checked again in the next frame.
        if lost or self._frames_since is None or any(track.misses for track in self.tracks):
            return True
        every = self.redetect_every if any_face else self.search_every
        return bool(every) and self._frames_since + 1 >= every

    def _follow(self, image: np.ndarray) -> tuple[list[Track], bool]:
        """The tracks that continue in this frame, and whether a face was lost."""
        if not self.tracks:
            return [], False
        followed = []
        for track, face in zip(self.tracks, align(self.model, image, boxes=self._upright_boxes(self.tracks))):
            before, now = tight_box(track.face.landmarks), tight_box(face.landmarks)
            if self._plausible(face, image.shape) and box_iou(now, before) >= self.min_overlap:
                track.face = replace(face, score=track.face.score)
                track.frames += 1
                followed.append(track)
        return followed, len(followed) < len(self.tracks)

    def _redetect(self, image: np.ndarray, followed: list[Track], detect: Callable[[], list[Detection]]) -> list[Track]:
        """The tracks after the detector ran: those that it confirms, and new ones."""
        self._frames_since, self.detector_runs = 0, self.detector_runs + 1
        to_tight = self.detector.map_to("landmarks")
        detections = [(to_tight(detection.box), detection) for detection in detect()]
        detections.sort(key=lambda pair: -box_size(pair[0]).prod())
        confirmed, new = [], []
        for box, detection in detections:
            overlaps = [box_iou(box, tight_box(track.face.landmarks)) for track in followed]
            if overlaps and max(overlaps) >= SAME_FACE_IOU:
                confirmed.append(followed[int(np.argmax(overlaps))])
            else:
                new.append(Detection(box, detection.score, angle=detection.angle))
        tracks = self._drop_missed(image, followed, confirmed)
        free = len(new) if self.max_faces is None else max(self.max_faces - len(tracks), 0)
        # A detector's box is rough: the second crop is cut by the landmarks, as in all later frames.
        for face in align(self.model, image, boxes=new[:free], refine=1) if new[:free] else ():
            others = [tight_box(track.face.landmarks) for track in tracks]
            if self._plausible(face, image.shape) and all(
                box_iou(tight_box(face.landmarks), other) < SAME_FACE_IOU for other in others
            ):
                tracks.append(Track(next(self._numbers), face, self.smooth and self.smooth.fresh()))
        return tracks

    def _drop_missed(self, image: np.ndarray, followed: list[Track], confirmed: list[Track]) -> list[Track]:
        """The tracks without those that the detector has missed, and does not verify, too often."""
        missed = [track for track in followed if track not in confirmed]
        verified = self.detector.verify_faces(image, self._upright_boxes(missed)) if missed else []
        for track in confirmed:
            track.misses = 0
        for index, track in enumerate(missed):
            track.misses += 1
            if verified is not None:
                track.misses = 0 if verified[index] else self.max_misses
        return [track for track in followed if track.misses < self.max_misses]

    def _upright_boxes(self, tracks: list[Track]) -> list[Detection]:
        """The upright boxes of the tracks' landmarks."""
        boxes = (self.markup.upright_box(track.face.landmarks) for track in tracks)
        return [Detection(box, track.face.score, angle=angle) for track, (box, angle) in zip(tracks, boxes)]

    def _plausible(self, face: Face, shape: tuple[int, ...]) -> bool:
        """Whether predicted landmarks can be those of a face in an image of this shape."""
        points = face.landmarks
        # The threshold of a calibration flags one good face in twenty: `max_error` is for faces that are followed.
        failed = face.failed and not calibration_decides_failure(self.model)
        if failed or not np.isfinite(points).all() or np.ptp(points, axis=0).min() < self.min_side:
            return False
        known = face.confidence[np.isfinite(face.confidence)]
        if face.error > self.max_error or (known.size and known.mean() < self.min_confidence):
            return False
        center = box_center(tight_box(points))
        if (center < 0).any() or (center >= shape[1::-1]).any():
            return False
        return self._residual(points) <= self.max_residual

    def _residual(self, landmarks: np.ndarray) -> float:
        """Mean distance of landmarks from the mean shape that is fitted to them, in sizes of the shape."""
        shape = self.markup.mean_shape
        try:
            fitted = apply_affine(estimate_similarity(landmarks, shape), landmarks)
        except ValueError:
            return np.inf
        return float(np.linalg.norm(fitted - shape, axis=-1).mean() / np.ptp(shape, axis=0).max())
