"""Writes a video file, whole or not at all."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from kerasalign.support.files import written_beside

_CODECS = {".avi": "MJPG", ".m4v": "mp4v", ".mkv": "mp4v", ".mov": "mp4v", ".mp4": "mp4v", ".webm": "VP80"}


class VideoWriter:
    """Writes frames to a video file, without sound. The file appears when the block ends without an error.

    Args:
        path: The file; its suffix decides the format: `.avi`, `.mkv`, `.mov`, `.mp4`, `.m4v`, or `.webm`, which
            browsers play.
        fps: Frames per second.

    Raises:
        ValueError: If the suffix is none of these, a frame has another size than the first, or there is no frame.
        OSError: If OpenCV cannot write that format.

    Example:

        with VideoWriter("drawn.mp4", 25) as writer:
            for frame in model.align_video("clip.mp4"):
                writer.write(frame.draw())
    """

    def __init__(self, path: str | os.PathLike[str], fps: float):
        self.path = Path(path)
        if self.path.suffix.lower() not in _CODECS:
            raise ValueError(f"`path` must end in one of {sorted(_CODECS)}. Received: path={str(path)!r}")
        if not fps > 0:
            raise ValueError(f"`fps` must be positive. Received: fps={fps!r}")
        self.fps = float(fps)
        self.frames = 0
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> VideoWriter:
        self._stack = ExitStack()
        self._draft = self._stack.enter_context(written_beside(self.path))
        self._writer: cv2.VideoWriter | None = None
        return self

    def write(self, image: Any) -> None:
        """Appends a frame: `(H, W, 3)` uint8 RGB or a PIL image."""
        image = np.asarray(image)
        size = image.shape[1], image.shape[0]
        if self._writer is None:
            self._size = size
            codec = cv2.VideoWriter.fourcc(*_CODECS[self.path.suffix.lower()])
            even = size[0] + size[0] % 2, size[1] + size[1] % 2  # formats of the MPEG family have even sides
            self._writer = cv2.VideoWriter(str(self._draft), codec, self.fps, even)
            if not self._writer.isOpened():
                raise OSError(f"OpenCV cannot write a {self.path.suffix} here. Received: path={str(self.path)!r}")
        if size != self._size:
            raise ValueError(f"Every frame must have the size of the first, {self._size}. Received: size {size}")
        even = cv2.copyMakeBorder(image[..., ::-1], 0, size[1] % 2, 0, size[0] % 2, cv2.BORDER_REPLICATE)
        self._writer.write(even)
        self.frames += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        if self._writer is not None:
            self._writer.release()
        if kind is not None or self.frames:
            return self._stack.__exit__(kind, error, traceback)
        no_frame = ValueError("A video has at least one frame. Received: none")
        self._stack.__exit__(ValueError, no_frame, None)
        raise no_frame
