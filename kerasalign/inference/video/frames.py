"""Frames of a video file, a camera, or anything that gives pictures."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from kerasalign.support.images import load_image

_log = logging.getLogger(__name__)

# Files of these kinds are taken for videos by the command.
VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})


class VideoSource:
    """Where frames come from; each iteration of a file starts at its beginning.

    Args:
        source: Path of a video file, address of a stream (`"rtsp://..."`), number of a camera, or an iterable of photos
            as `align` takes them.
        fps: Frames per second; by default what the file or camera says, 25 where it says nothing.

    Attributes:
        fps: Frames per second.
        count: Number of frames as far as it is known; 0 where it is not, as of a camera.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is no video that OpenCV reads, the camera does not answer, or `fps` is not positive.

    Example:

        for seconds, image in VideoSource("clip.mp4"):
            ...
    """

    def __init__(self, source, fps: float | None = None):
        if fps is not None and not fps > 0:
            raise ValueError(f"`fps` must be positive. Received: fps={fps!r}")
        self.source = source
        self.count = 0
        told = 0.0
        if self._opens():
            if not self.is_camera and not Path(source).is_file():
                raise FileNotFoundError(f"There is no such video. Received: source={str(source)!r}")
            capture = self._open()
            told = capture.get(cv2.CAP_PROP_FPS)
            if not self.is_camera:
                self.count = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
            capture.release()
        elif not isinstance(source, Iterable):
            raise ValueError(
                "`source` must be the path of a video, the number of a camera or an iterable of pictures. "
                f"Received: source={source!r}"
            )
        elif hasattr(source, "__len__"):
            self.count = len(source)
        self.fps = float(fps or (told if 0 < told < 1000 else 25.0))

    @property
    def is_camera(self) -> bool:
        """Whether frames come as they happen, from a camera or a stream."""
        return isinstance(self.source, int) or (isinstance(self.source, str) and "://" in self.source)

    @property
    def is_recorded(self) -> bool:
        """Whether all frames are there already: those of a file, or of a list or array of pictures."""
        there = self._opens() or all(hasattr(self.source, name) for name in ("__len__", "__getitem__"))
        return there and not self.is_camera

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds since the beginning and `(H, W, 3)` uint8 RGB of every frame."""
        if not self._opens():
            for index, image in enumerate(self.source):
                yield index / self.fps, load_image(image)
            return
        capture, first, last, frames = self._open(), None, -math.inf, 0
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    if frames < 0.9 * self.count:
                        _log.warning(
                            "%s ends after %d of the %d frames that it announces: it is cut off or damaged.",
                            self.source,
                            frames,
                            self.count,
                        )
                    return
                frames += 1
                # OpenCV tells the time of the frame that it has just read.
                now = time.monotonic() if self.is_camera else capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                first = now if first is None else first
                # A container without times repeats itself.
                last = now - first if now - first > last else last + 1 / self.fps
                yield last, np.ascontiguousarray(frame[..., ::-1])
        finally:
            capture.release()

    def _opens(self) -> bool:
        return isinstance(self.source, (int, str, os.PathLike))

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(self.source if isinstance(self.source, int) else str(self.source))
        if not capture.isOpened():
            what = "The camera does not answer" if self.is_camera else "OpenCV cannot read this video"
            raise ValueError(f"{what}. Received: source={self.source!r}")
        return capture
