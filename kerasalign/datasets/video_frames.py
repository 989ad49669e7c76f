"""Frames of a video file as the photos of a data set."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from kerasalign.datasets.errors import DatasetError
from kerasalign.support.videos import open_video

_OPEN, _KEPT = 4, 24


def count_frames(path: Path) -> int:
    """Number of frames in the header of a video file.

    Raises:
        DatasetError: If it cannot be opened.
    """
    capture = _opened(path)
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()


def read_frame(path: Path, name: str) -> np.ndarray:
    """Frame of a video, `(H, W, 3)` uint8 RGB; `name` is its number, from 1.

    Frames are decoded in their order: asking for them in that order, or nearly so from several threads, costs one
    decoding each; going back starts the video anew, since seeking is not exact in every format.

    Raises:
        DatasetError: If the video has no such frame.
    """
    path = Path(path)
    with _LOCK:
        decoder = _DECODERS.pop(path, None) or VideoDecoder(path)
        _DECODERS[path] = decoder
        while len(_DECODERS) > _OPEN:
            _DECODERS.popitem(last=False)
    return decoder.frame(int(name))


# One thread should read a whole video.
read_frame.in_order = True  # type: ignore[attr-defined]


class VideoDecoder:
    """Reads frames of a video by number. It decodes forwards and keeps the last few frames.

    Args:
        path: The video file.

    Attributes:
        decoded: Number of frames decoded or skipped so far; a request for an earlier frame starts from the first.
    """

    def __init__(self, path: Path):
        self.path = path
        self.decoded = 0
        self.lock = threading.Lock()
        self.capture: cv2.VideoCapture | None = None
        self.position = 0
        self.kept: OrderedDict[int, np.ndarray] = OrderedDict()

    def frame(self, number: int) -> np.ndarray:
        """Frame `number`, from 1: `(H, W, 3)` uint8 RGB.

        Raises:
            DatasetError: If the file is no video, or has fewer frames.
        """
        with self.lock:
            if number not in self.kept:
                if self.capture is None or number <= self.position:
                    self.capture, self.position = _opened(self.path), 0
                while self.position < number:
                    self._next(self.capture, number)
            return self.kept[number].copy()

    def _next(self, capture: cv2.VideoCapture, wanted: int) -> None:
        if self.position + _KEPT < wanted:
            success = capture.grab()
        else:
            success, frame = capture.read()
            if success:
                self.kept[self.position + 1] = np.ascontiguousarray(frame[..., ::-1])
        if not success:
            raise DatasetError(self.path, f"it ends after {self.position} frames; frame {wanted} is not there")
        self.position += 1
        self.decoded += 1
        while len(self.kept) > _KEPT:
            self.kept.popitem(last=False)


_LOCK = threading.Lock()
_DECODERS: OrderedDict[Path, VideoDecoder] = OrderedDict()


def _opened(path: Path) -> cv2.VideoCapture:
    try:
        capture = open_video(path)
    except (OSError, ValueError) as error:
        raise DatasetError(path, f"not a readable video: {error}") from error
    if not capture.isOpened():
        raise DatasetError(path, "not a readable video")
    return capture
