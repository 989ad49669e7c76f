"""Aligns the faces of a video, frame by frame."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from kerasalign.core.crop_model import CropModel
from kerasalign.detection import Detection, Detector
from kerasalign.inference.faces import Faces
from kerasalign.inference.showable import Showable
from kerasalign.inference.sources import in_rgb
from kerasalign.inference.video.frames import VideoSource
from kerasalign.inference.video.one_euro import OneEuroFilter
from kerasalign.inference.video.tracker import FaceTracker
from kerasalign.inference.video.writer import VideoWriter
from kerasalign.support.prefetch import map_in_thread, prefetch, prefetch_in_thread
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")
# Seconds and pixels of a frame, and a function that returns its detections, where the detection may have started.
_Frame = tuple[float, np.ndarray, Callable[[], list[Detection]] | None]

#: Frames in memory beside the current one: read in advance, waiting while the detector may start early, and waiting to
#: be written.
READ_AHEAD, DETECT_AHEAD, WRITE_BEHIND = 2, 6, 4


@dataclass(frozen=True, eq=False)
class VideoFrame(Showable):
    """The faces of one frame.

    Args:
        index: Number of the frame, from 0.
        seconds: Time since the beginning of the video.
        faces: The faces, with smoothed landmarks where there is a filter; `faces.image` holds the frame's pixels.
        tracks: Number of each face, the same in all frames.
        detected: Whether the detector ran in this frame.
    """

    index: int
    seconds: float
    faces: Faces
    tracks: tuple[int, ...]
    detected: bool

    def draw(self, **options: Any) -> Image.Image:
        """The frame with its faces drawn.

        Args:
            **options: As in `kerasalign.plots.draw.draw_faces`.
        """
        return self.faces.draw(**options)

    def without_image(self) -> VideoFrame:
        """The same frame without its pixels."""
        faces = Faces(list(self.faces), self.faces.markup, self.faces.source, self.faces.size)
        return replace(self, faces=faces)

    def to_dict(self) -> dict[str, Any]:
        """The frame as plain values, ready for JSON."""
        faces = [{"track": number} | face.to_dict() for number, face in zip(self.tracks, self.faces)]
        return {"frame": self.index, "seconds": round(self.seconds, 6), "faces": faces}


class _PendingFrame:
    """A frame that was read in advance, and its detection, which starts once it is expected to be needed.

    Args:
        seconds: Time of the frame.
        image: Its pixels.
        submit: Starts the detection.
    """

    def __init__(self, seconds: float, image: np.ndarray, submit: Callable[[], Future[list[Detection]]]):
        self.seconds = seconds
        self.image = image
        self._submit = submit
        self._detection: Future[list[Detection]] | None = None

    def start(self) -> Future[list[Detection]]:
        """Starts the detection, unless it has started."""
        if self._detection is None:
            self._detection = self._submit()
        return self._detection

    def detect(self) -> list[Detection]:
        """The detections; waits for them."""
        return self.start().result()

    def cancel(self) -> None:
        """Cancels a detection that still waits: a face was lost earlier, so that the next one is due later."""
        if self._detection is not None:
            self._detection.cancel()


class Video:
    """The aligned frames of a video: an iterable of `VideoFrame`. `align_video` returns it.

    One thread reads the frames of a file, a list or an array in advance; another one starts detections a few frames
    before they are due. The results are the same as without threads. A camera is read one frame in advance. An iterator
    is read only when its frame is needed.

    Args:
        source: The frames.
        tracker: Follows the faces; `tracker.detector_runs` counts how often the detector ran.
    """

    def __init__(self, source: VideoSource, tracker: FaceTracker):
        self.source = source
        self.tracker = tracker

    def __iter__(self) -> Generator[VideoFrame]:
        self.tracker.reset()
        with closing(self._recorded() if self.source.is_recorded else self._live()) as frames:
            for index, (seconds, image, detect) in enumerate(frames):
                runs = self.tracker.detector_runs
                tracks = self.tracker.update(image, seconds, detect)
                size = image.shape[1], image.shape[0]
                faces = Faces(
                    [track.smoothed for track in tracks], self.tracker.markup, self.source.source, size, image
                )
                numbers = tuple(track.number for track in tracks)
                yield VideoFrame(index, seconds, faces, numbers, self.tracker.detector_runs > runs)

    def _live(self) -> Generator[_Frame]:
        """Frames of a camera or an iterator."""
        frames = prefetch_in_thread(self.source, 1, "kerasalign-read") if self.source.is_camera else iter(self.source)
        with closing(frames):
            for seconds, image in frames:
                yield seconds, image, None

    def _recorded(self) -> Generator[_Frame]:
        """Frames with a function that returns their detections; expected detections have started already."""
        tracker = self.tracker
        pending: deque[_PendingFrame] = deque()
        finder = ThreadPoolExecutor(1, "kerasalign-search")

        def start(frame: tuple[float, np.ndarray]) -> Callable[[], _PendingFrame]:
            seconds, image = frame
            pending.append(_PendingFrame(seconds, image, lambda: finder.submit(tracker.detector.detect, image)))
            return pending.popleft

        with closing(prefetch_in_thread(self.source, READ_AHEAD, "kerasalign-read")) as frames:
            try:
                for current in prefetch(start, frames, DETECT_AHEAD if tracker.redetect_every else 0):
                    for position, frame in enumerate((current, *pending)):
                        if tracker.expects_detection(position):
                            frame.start()
                    yield current.seconds, current.image, current.detect
                    current.cancel()
            finally:
                finder.shutdown(cancel_futures=True)

    def save(self, path: str | os.PathLike[str], progress: bool | None = None, **options: Any) -> list[VideoFrame]:
        """Writes the video with its faces drawn, without sound.

        Args:
            path: The file, such as `"drawn.mp4"`; see `VideoWriter`.
            progress: Whether to show a progress bar; by default on a terminal.
            **options: As in `kerasalign.plots.draw.draw_faces`.

        Returns:
            The frames, without their pixels.
        """
        with VideoWriter(path, self.source.fps) as writer:
            return list(self.drawn(writer, VideoFrame.without_image, progress, **options))

    def drawn(
        self, writer: VideoWriter, then: Callable[[VideoFrame], T], progress: bool | None = None, **options: Any
    ) -> Generator[T, None, None]:
        """Draws and writes the frames in a separate thread, while later frames get their landmarks.

        Args:
            writer: Writes the frames.
            then: Is called with each `VideoFrame` after it was written.
            progress: As in `save`.
            **options: As in `kerasalign.plots.draw.draw_faces`.

        Returns:
            Iterator of the results of `then`.
        """

        def write(frame: VideoFrame) -> T:
            writer.write(frame.draw(**options))
            return then(frame)

        with closing(iter(self)) as frames:
            tracked = track(frames, "Aligning frames", self.source.count or None, progress)
            yield from map_in_thread(write, tracked, WRITE_BEHIND, "kerasalign-write")


def align_video(
    model: CropModel,
    source: str | os.PathLike[str] | int | Iterable[Any],
    *,
    detector: str | Detector | Callable[[np.ndarray], Any] = "kerasalign",
    smooth: bool | OneEuroFilter = False,
    fps: float | None = None,
    color: Literal["rgb", "bgr"] = "rgb",
    **options: Any,
) -> Video:
    """Finds the faces of a video and their landmarks in every frame.

    The detector runs in the first frame. From then on each frame is cropped by the landmarks of the frame before, until
    a face is lost; see `FaceTracker`.

    Args:
        model: A `LandmarkModel`, or another `CropModel`, whose crops are cut by the box of the landmarks.
        source: Path of a video file, address of a stream, number of a camera, or an iterable of images.
        detector: As in `align`.
        smooth: Whether to smooth the landmarks; or a `OneEuroFilter` whose settings are used.
        fps: Frames per second; by default what the source reports.
        color: Order of the channels of frames that are arrays, as in `align`; files and cameras know it themselves.
        **options: For `FaceTracker`: `max_faces`, `redetect_every` and so on.

    Returns:
        A `Video`: iterate over its frames, or `save` it with the faces drawn.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If OpenCV cannot read the video, or an argument is wrong.

    Example:

        for frame in align_video(model, "clip.mp4", smooth=True):
            print(frame.seconds, frame.tracks, frame.faces.landmarks.shape)
    """
    smoothing = smooth if isinstance(smooth, OneEuroFilter) else OneEuroFilter() if smooth else None
    tracker = FaceTracker(model, detector, smooth=smoothing, **options)
    return Video(VideoSource(in_rgb(source, color), fps), tracker)
