"""Faces followed from frame to frame: found once, then cropped by their last landmarks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from kerasalign.detection import Detection, get_detector
from kerasalign.geometry import apply_affine, box_center, box_iou, box_size, estimate_similarity, tight_box
from kerasalign.inference.aligner import align
from kerasalign.inference.face import Face
from kerasalign.inference.video.one_euro import OneEuroFilter

_SAME_FACE = 0.3


@dataclass(eq=False)
class Track:
    """A face that is being followed.

    Args:
        number: The same from frame to frame, and never given again.
        face: The face as the model saw it last.
        smooth: Its filter; `None` without smoothing.
        shown: The face with smoothed landmarks.
        frames: Number of frames in which it was seen.
        misses: How often in a row the detector did not find it.
    """

    number: int
    face: Face
    smooth: OneEuroFilter | None = None
    shown: Face = field(init=False)
    frames: int = 1
    misses: int = 0

    def __post_init__(self) -> None:
        self.shown = self.face


class FaceTracker:
    """Detects faces once and then crops each frame by the landmarks of the one before, turned upright by them.

    A face counts as lost when the model says that it failed, when its confidence or error estimate is out of bounds, or
    by geometry: its box jumps or changes its size too much, leaves the picture, or its points are no face any more.
    Then, and every `redetect_every` frames, the detector looks again, to meet new faces and to drop those that are
    gone: a network without a confidence keeps seeing a face where there is none. One that the detector does not find in
    the picture stays if the detector sees it when it is shown the place, as our own does, upright and close; or else
    until it has been missed in `max_misses` frames in a row.

    Args:
        model: A `LandmarkModel` whose crops are made from the box of the landmarks.
        detector: As in `align`.
        redetect_every: Frames between two looks for new and vanished faces; 0: only when a face is lost.
        search_every: Frames between two looks while there is no face.
        max_misses: In how many frames in a row a detector that cannot be shown a place must miss a face to drop it.
        max_faces: How many faces to follow, the largest first; `None`: all.
        smooth: A `OneEuroFilter` whose settings every face's own filter takes; `None`: no smoothing.
        min_confidence: Least mean confidence, for models that give one.
        max_error: Largest error estimate in percent, for models that give one.
        max_residual: Largest mean distance of the points from the markup's mean shape fitted to them, in sizes of it.
        min_overlap: Least intersection over union of a face's box and that of the frame before.
        min_side: Least side of a face's box in pixels.

    Raises:
        ValueError: If an argument is out of range, or the model takes other boxes.

    Example:

        tracker = FaceTracker(model, max_faces=1)
        for seconds, image in VideoSource(0):
            tracks = tracker.update(image, seconds)
    """

    def __init__(
        self,
        model,
        detector="kerasalign",
        *,
        redetect_every: int = 30,
        search_every: int = 1,
        max_misses: int = 3,
        max_faces: int | None = None,
        smooth: OneEuroFilter | None = None,
        min_confidence: float = 0.3,
        max_error: float = 15.0,
        max_residual: float = 0.2,
        min_overlap: float = 0.3,
        min_side: float = 12.0,
    ):
        if model.crop_spec.box != "landmarks":
            raise ValueError(
                "A tracker crops by the box of the landmarks, and this model's crops are made from "
                f"'{model.crop_spec.box}' boxes. Received: model={model!r}"
            )
        least = {
            "redetect_every": (redetect_every, 0),
            "search_every": (search_every, 1),
            "max_misses": (max_misses, 1),
            "max_faces": (1 if max_faces is None else max_faces, 1),
        }
        for name, (value, bound) in least.items():
            if value < bound:
                raise ValueError(f"`{name}` must be at least {bound}. Received: {name}={value!r}")
        self.model = model
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
        self.looks = 0
        self.reset()

    def reset(self) -> None:
        """Forgets all faces: another video begins."""
        self.tracks: list[Track] = []
        self._since_look: int | None = None

    def will_look(self, frames: int) -> bool:
        """Whether the detector is to look at a frame that is still to come, if no face is lost before it.

        While there is no face it only says so of the very first frame: nothing else could be done meanwhile.

        Args:
            frames: How many frames come before it.
        """
        if self._since_look is None:
            return frames == 0
        return bool(self.tracks and self.redetect_every) and not (self._since_look + 1 + frames) % self.redetect_every

    def update(
        self, image: np.ndarray, seconds: float, find: Callable[[], list[Detection]] | None = None
    ) -> list[Track]:
        """Follows the faces into the next frame.

        Args:
            image: `(H, W, 3)` uint8 RGB.
            seconds: When it was taken; it must grow from call to call.
            find: Gives what the detector finds in the image, where it was started already; called only if it is needed.

        Returns:
            The faces in this frame, in the order in which they were met.
        """
        followed, lost = self._follow(image)
        if self._wants_look(bool(followed), lost):
            followed = self._look(image, followed, find or partial(self.detector.detect, image))
        else:
            self._since_look += 1
        self.tracks = followed
        for track in self.tracks:
            if track.smooth is None:
                track.shown = track.face
            else:
                track.shown = replace(track.face, landmarks=track.smooth(track.face.landmarks, seconds))
        return list(self.tracks)

    def _wants_look(self, some: bool, lost: bool) -> bool:
        # A face in doubt is looked at again at once.
        if lost or self._since_look is None or any(track.misses for track in self.tracks):
            return True
        every = self.redetect_every if some else self.search_every
        return bool(every) and self._since_look + 1 >= every

    def _follow(self, image: np.ndarray) -> tuple[list[Track], bool]:
        """The tracks that go on into this frame, and whether any was lost."""
        if not self.tracks:
            return [], False
        followed = []
        for track, face in zip(self.tracks, align(self.model, image, boxes=self._places(self.tracks))):
            before, now = tight_box(track.face.landmarks), tight_box(face.landmarks)
            if self._plausible(face, image.shape) and box_iou(now, before) >= self.min_overlap:
                track.face = replace(face, score=track.face.score)
                track.frames += 1
                followed.append(track)
        return followed, len(followed) < len(self.tracks)

    def _look(self, image: np.ndarray, followed: list[Track], find: Callable[[], list[Detection]]) -> list[Track]:
        """What the detector makes of the tracks: those that it sees, and new ones."""
        self._since_look, self.looks = 0, self.looks + 1
        to_tight = self.detector.map_to("landmarks")
        found = [(to_tight(one.box), one) for one in find()]
        found.sort(key=lambda pair: -box_size(pair[0]).prod())
        seen, new = [], []
        for box, detection in found:
            overlaps = [box_iou(box, tight_box(track.face.landmarks)) for track in followed]
            if overlaps and max(overlaps) >= _SAME_FACE:
                seen.append(followed[int(np.argmax(overlaps))])
            else:
                new.append(Detection(box, detection.score, angle=detection.angle))
        kept = self._kept(image, followed, seen)
        room = len(new) if self.max_faces is None else max(self.max_faces - len(kept), 0)
        # A detector's box is rough: the second crop is by the landmarks, as all that follow.
        for face in align(self.model, image, boxes=new[:room], refine=1) if new[:room] else ():
            others = [tight_box(track.face.landmarks) for track in kept]
            if self._plausible(face, image.shape) and all(
                box_iou(tight_box(face.landmarks), other) < _SAME_FACE for other in others
            ):
                kept.append(Track(next(self._numbers), face, self.smooth and self.smooth.fresh()))
        return kept

    def _kept(self, image: np.ndarray, followed: list[Track], seen: list[Track]) -> list[Track]:
        """The tracks that the detector found in the picture, or finds where they are, or that get another chance."""
        missed = [track for track in followed if track not in seen]
        there = self.detector.sees(image, self._places(missed)) if missed else []
        for track in seen:
            track.misses = 0
        for place, track in enumerate(missed):
            track.misses += 1
            if there is not None:
                track.misses = 0 if there[place] else self.max_misses
        return [track for track in followed if track.misses < self.max_misses]

    def _places(self, tracks: list[Track]) -> list[Detection]:
        places = (self.model.markup.upright_box(track.face.landmarks) for track in tracks)
        return [Detection(box, track.face.score, angle=angle) for track, (box, angle) in zip(tracks, places)]

    def _plausible(self, face: Face, shape: tuple[int, ...]) -> bool:
        """Whether a prediction can be a face."""
        points = face.landmarks
        if face.failed or not np.isfinite(points).all() or np.ptp(points, axis=0).min() < self.min_side:
            return False
        known = face.confidence[np.isfinite(face.confidence)]
        if face.error > self.max_error or (known.size and known.mean() < self.min_confidence):
            return False
        center = box_center(tight_box(points))
        if (center < 0).any() or (center >= shape[1::-1]).any():
            return False
        return self._residual(points) <= self.max_residual

    def _residual(self, landmarks: np.ndarray) -> float:
        """How far points are from the markup's mean shape: mean distance after the best fit, in sizes of the shape."""
        shape = self.model.markup.mean_shape
        try:
            fitted = apply_affine(estimate_similarity(landmarks, shape), landmarks)
        except ValueError:
            return np.inf
        return float(np.linalg.norm(fitted - shape, axis=-1).mean() / np.ptp(shape, axis=0).max())
