"""Frames of a video file, a camera, or any iterable of images."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Generator, Iterable, Sized
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import cv2
import numpy as np

from kerasalign.support.checks import shown
from kerasalign.support.images import load_image
from kerasalign.support.videos import open_video

_log = logging.getLogger(__name__)

# The command takes files of these kinds for videos.
VIDEO_SUFFIXES = frozenset(
    {
        *(".3g2", ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg"),
        *(".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
    }
)


class VideoSource:
    """A source of frames. Every iteration over a file starts at its beginning.

    Args:
        source: Path or address of a video file, address of a stream (`"rtsp://..."`), number of a camera, or an
            iterable of photos as `align` takes them. An address at which the number of frames is known is a file: its
            times are those of the video.
        fps: Frames per second; by default what the file or camera reports, 25 where it reports nothing.

    Attributes:
        fps: Frames per second.
        count: Number of frames; 0 where it is unknown, as for a camera.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If OpenCV cannot read the file or decode its frames, the camera does not answer, `fps` is not
            positive, or `source` is one image.

    Example:

        for seconds, image in VideoSource("clip.mp4"):
            ...
    """

    def __init__(self, source: Any, fps: float | None = None):
        if fps is not None and not fps > 0:
            raise ValueError(f"`fps` must be positive. Received: fps={fps!r}")
        self.source = source = _without_file_scheme(source)
        self.count = 0
        if isinstance(source, np.ndarray) and (source.ndim < 3 or (source.ndim == 3 and source.shape[-1] in (1, 3, 4))):
            raise ValueError(
                "An array of a video is (T, H, W, 3); `align` takes a single image. "
                f"Received: source of shape {source.shape}"
            )
        reported_fps = 0.0
        if self._opened_by_opencv():
            if not self.is_camera and not Path(str(source)).is_file():
                raise FileNotFoundError(f"There is no such video. Received: source={shown(str(source))}")
            capture = self.open_capture()
            try:
                reported_fps = capture.get(cv2.CAP_PROP_FPS)
                if not isinstance(source, int):
                    self.count = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
                if not self.is_camera and not capture.read()[0]:
                    raise ValueError(_undecodable(capture, source))
            finally:
                capture.release()
        elif not isinstance(source, Iterable):
            raise ValueError(
                "`source` must be the path of a video, the number of a camera or an iterable of pictures. "
                f"Received: source={shown(source)}"
            )
        elif isinstance(source, Sized):
            self.count = len(source)
        self.fps = float(fps or (reported_fps if 0 < reported_fps < 1000 else 25.0))

    @property
    def is_camera(self) -> bool:
        """Whether frames arrive live, from a camera or a stream."""
        address = isinstance(self.source, str) and "://" in self.source
        return isinstance(self.source, int) or (address and not self.count)

    @property
    def is_recorded(self) -> bool:
        """Whether all frames exist already: those of a file, or of a list or array of images."""
        exists = self._opened_by_opencv() or all(hasattr(self.source, name) for name in ("__len__", "__getitem__"))
        return exists and not self.is_camera

    def __iter__(self) -> Generator[tuple[float, np.ndarray]]:
        """Yields for every frame the seconds since the beginning and its pixels, `(H, W, 3)` uint8 RGB."""
        if not self._opened_by_opencv():
            for index, image in enumerate(self.source):
                yield index / self.fps, load_image(image)
            return
        capture, first, last, frames = self.open_capture(), None, -math.inf, 0
        try:
            while True:
                success, frame = capture.read()
                if not success:
                    if frames < 0.9 * self.count:
                        _log.warning(
                            "%s ends after %d of the %d frames that it announces: it is cut off or damaged.",
                            self.source,
                            frames,
                            self.count,
                        )
                    return
                frames += 1
                # OpenCV gives the time of the frame that it has just read.
                now = time.monotonic() if self.is_camera else capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                first = now if first is None else first
                # A container without times gives the same time again and again.
                last = now - first if now - first > last else last + 1 / self.fps
                yield last, np.ascontiguousarray(frame[..., ::-1])
        finally:
            capture.release()

    def _opened_by_opencv(self) -> bool:
        return isinstance(self.source, (int, str, os.PathLike))

    def open_capture(self) -> cv2.VideoCapture:
        """Opens the file, stream or camera in OpenCV.

        Raises:
            ValueError: If OpenCV cannot open it.
        """
        try:
            capture = cv2.VideoCapture(self.source) if isinstance(self.source, int) else open_video(self.source)
        except ValueError as error:
            raise ValueError(f"OpenCV does not read this video: {error}. Received: source={self.source!r}") from error
        if not capture.isOpened():
            what = "The camera or stream does not answer" if self.is_camera else "OpenCV cannot read this video"
            raise ValueError(f"{what}. Received: source={shown(self.source)}")
        return capture


def _without_file_scheme(source: Any) -> Any:
    """The path of a `file://` address; anything else as it is."""
    if isinstance(source, str) and source.lower().startswith("file://"):
        return url2pathname(urlsplit(source).path)
    return source


def _undecodable(capture: cv2.VideoCapture, source: Any) -> str:
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    codec = code.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
    known = codec.isprintable() and bool(codec)
    why = f"it is damaged, or this OpenCV lacks its codec{f' ({codec})' if known else ''}"
    if codec == "AV01":
        # OpenCV's packages decode it by graphics cards alone.
        why = "this OpenCV does not decode AV1"
    return (
        f"OpenCV opens this video but decodes no frame: {why}; convert it, for instance by "
        "`ffmpeg -i IN -c:v libx264 OUT.mp4`, or give an iterable of its frames from another decoder, such as PyAV. "
        f"Received: source={shown(str(source))}"
    )
