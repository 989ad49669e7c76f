"""Video in, landmarks of every frame out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kerasalign.detection import Detection
from kerasalign.inference.faces import Faces
from kerasalign.inference.video.frames import VideoSource
from kerasalign.inference.video.one_euro import OneEuroFilter
from kerasalign.inference.video.tracker import FaceTracker
from kerasalign.inference.video.writer import VideoWriter
from kerasalign.support.prefetch import map_in_thread, prefetch, prefetch_in_thread
from kerasalign.support.progress import track

# Frames in memory beside the one at hand: read, in the window in which the detector may begin early, and to be written.
_READ, _WINDOW, _WRITING = 2, 6, 4


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """The faces of one frame.

    Args:
        index: Number of the frame, from 0.
        seconds: Its time since the beginning.
        faces: Its faces; `faces.image` is the frame where it is kept.
        tracks: Number of each face, the same from frame to frame.
        detected: Whether the detector looked at this frame.
    """

    index: int
    seconds: float
    faces: Faces
    tracks: tuple[int, ...]
    detected: bool

    def draw(self, **options):
        """The frame with its faces drawn, a `PIL.Image`; options of `draw_faces`."""
        return self.faces.draw(**options)

    def without_image(self) -> VideoFrame:
        """The same without the frame's pixels."""
        faces = Faces(list(self.faces), self.faces.markup, self.faces.source, self.faces.size)
        return replace(self, faces=faces)

    def to_dict(self) -> dict:
        """Plain numbers, ready for JSON."""
        faces = [{"track": number} | face.to_dict() for number, face in zip(self.tracks, self.faces)]
        return {"frame": self.index, "seconds": round(self.seconds, 6), "faces": faces}


class _Coming:
    """A frame that is read, and the search for its faces, which begins when it is known to be needed."""

    def __init__(self, frame: tuple[float, np.ndarray], search: Callable[[], Future]):
        self.frame = frame
        self._search = search
        self._begun: Future | None = None

    def begin(self) -> None:
        self._begun = self._begun or self._search()

    def found(self) -> list[Detection]:
        self.begin()
        return self._begun.result()

    def leave(self) -> None:
        """Drops a search that has not begun to run: a face was lost meanwhile, and the next look is due later."""
        if self._begun is not None:
            self._begun.cancel()


class Video:
    """The aligned frames of a video, one after the other as they are asked for. Made by `align_video`.

    Frames of a file, a list or an array are read in a thread, and where a look of the detector is due it begins in
    another one, a few frames ahead; results are those of one frame after the other. A camera is read one frame ahead.
    An iterator is drawn from when its frame is asked for.

    Attributes:
        source: The `VideoSource`.
        tracker: The `FaceTracker`; `tracker.looks` counts how often the detector was needed.
    """

    def __init__(self, source: VideoSource, tracker: FaceTracker):
        self.source = source
        self.tracker = tracker

    def __iter__(self) -> Iterator[VideoFrame]:
        self.tracker.reset()
        with closing(self._searched() if self.source.is_recorded else self._as_they_come()) as coming:
            for index, (seconds, image, find) in enumerate(coming):
                looks = self.tracker.looks
                tracks = self.tracker.update(image, seconds, find)
                size = image.shape[1], image.shape[0]
                faces = Faces([t.shown for t in tracks], self.tracker.model.markup, self.source.source, size, image)
                yield VideoFrame(index, seconds, faces, tuple(t.number for t in tracks), self.tracker.looks > looks)

    def _as_they_come(self) -> Iterator[tuple]:
        frames = prefetch_in_thread(self.source, 1, "kerasalign-read") if self.source.is_camera else iter(self.source)
        with closing(frames):
            for frame in frames:
                yield *frame, None

    def _searched(self) -> Iterator[tuple]:
        """Frames with a function for what the detector finds in each; where a look is to be expected it has begun."""
        tracker, coming = self.tracker, deque()
        finder = ThreadPoolExecutor(1, "kerasalign-search")

        def start(frame: tuple[float, np.ndarray]) -> Callable:
            coming.append(_Coming(frame, partial(finder.submit, tracker.detector.detect, frame[1])))
            return coming.popleft

        with closing(prefetch_in_thread(self.source, _READ, "kerasalign-read")) as frames:
            try:
                for one in prefetch(start, frames, _WINDOW if tracker.redetect_every else 0):
                    for before, other in enumerate((one, *coming)):
                        if tracker.will_look(before):
                            other.begin()
                    yield *one.frame, one.found
                    one.leave()
            finally:
                finder.shutdown(cancel_futures=True)

    def save(self, path, progress: bool | None = None, **options) -> list[VideoFrame]:
        """Writes the video with its faces drawn, without sound.

        Args:
            path: The file, such as `"drawn.mp4"`; see `VideoWriter`.
            progress: Whether to show a progress bar; by default on a terminal.
            **options: Of `draw_faces`.

        Returns:
            The frames, without their pixels.
        """
        with VideoWriter(path, self.source.fps) as writer:
            return list(self.drawn(writer, VideoFrame.without_image, progress, **options))

    def drawn(self, writer: VideoWriter, then: Callable, progress: bool | None = None, **options) -> Iterator:
        """Draws the faces and writes the frames in a thread of its own, while those after get their landmarks.

        Args:
            writer: Takes the frames.
            then: Called with each `VideoFrame` when it is written; what it returns is given.
            progress: As in `save`.
            **options: Of `draw_faces`.
        """

        def put(frame: VideoFrame):
            writer.write(frame.draw(**options))
            return then(frame)

        with closing(iter(self)) as frames:
            yield from map_in_thread(
                put, track(frames, "Aligning frames", self.source.count or None, progress), _WRITING, "kerasalign-write"
            )


def align_video(
    model, source, *, detector="kerasalign", smooth: bool | OneEuroFilter = False, fps: float | None = None, **options
) -> Video:
    """Finds the faces of a video and their landmarks in every frame.

    The detector looks at the first frame; from then on each frame is cropped by the landmarks of the one before, until
    a face is lost; see `FaceTracker`.

    Args:
        model: A `LandmarkModel` whose crops are made from the box of the landmarks.
        source: Path of a video file, number of a camera, or an iterable of pictures.
        detector: As in `align`.
        smooth: Whether to smooth the landmarks, or a `OneEuroFilter` with settings.
        fps: Frames per second where the source does not know them.
        **options: Of `FaceTracker`: `max_faces`, `redetect_every` and so on.

    Returns:
        A `Video`: iterate over its frames, or `save` it with the faces drawn.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is no video, or an argument is wrong.

    Example:

        for frame in align_video(model, "clip.mp4", smooth=True):
            print(frame.seconds, frame.tracks, frame.faces.landmarks.shape)
    """
    chosen = smooth if isinstance(smooth, OneEuroFilter) else OneEuroFilter() if smooth else None
    tracker = FaceTracker(model, detector, smooth=chosen, **options)
    return Video(VideoSource(source, fps), tracker)
