"""Video in, landmarks of every frame out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kerasalign.inference.faces import Faces
from kerasalign.inference.video.frames import VideoSource
from kerasalign.inference.video.one_euro import OneEuroFilter
from kerasalign.inference.video.tracker import FaceTracker
from kerasalign.inference.video.writer import VideoWriter


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


class Video:
    """The aligned frames of a video, one after the other as they are asked for. Made by `align_video`.

    Attributes:
        source: The `VideoSource`.
        tracker: The `FaceTracker`; `tracker.looks` counts how often the detector was needed.
    """

    def __init__(self, source: VideoSource, tracker: FaceTracker):
        self.source = source
        self.tracker = tracker

    def __iter__(self) -> Iterator[VideoFrame]:
        self.tracker.reset()
        for index, (seconds, image) in enumerate(self.source):
            looks = self.tracker.looks
            tracks = self.tracker.update(image, seconds)
            size = image.shape[1], image.shape[0]
            faces = Faces([t.shown for t in tracks], self.tracker.model.markup, self.source.source, size, image)
            yield VideoFrame(index, seconds, faces, tuple(t.number for t in tracks), self.tracker.looks > looks)

    def save(self, path, progress: bool | None = None, **options) -> list[VideoFrame]:
        """Writes the video with its faces drawn, without sound.

        Args:
            path: The file, such as `"drawn.mp4"`; see `VideoWriter`.
            progress: Whether to show a progress bar; by default on a terminal.
            **options: Of `draw_faces`.

        Returns:
            The frames, without their pixels.
        """
        frames = []
        with VideoWriter(path, self.source.fps) as writer:
            for frame in shown(self, self.source.count, progress):
                writer.write(frame.draw(**options))
                frames.append(frame.without_image())
        return frames


def shown(frames, total: int, progress: bool | None = None):
    """Frames with a progress bar, by default on a terminal."""
    if not (sys.stderr.isatty() if progress is None else progress):
        return frames
    from rich.console import Console
    from rich.progress import track

    return track(frames, "Aligning frames", total or None, console=Console(stderr=True), transient=True)


def align_video(model, source, *, detector="mtcnn", smooth: bool | OneEuroFilter = False, fps: float | None = None,
                **options) -> Video:
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
