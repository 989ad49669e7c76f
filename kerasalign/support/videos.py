"""Opens videos in OpenCV by the back ends that decode, and by none that starts programs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2

# What a text begins with that makes a decoder open the files and addresses that it names.
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<MPD", b"<smil")
# In their order. OpenCV's others run pipelines of plug-ins (GStreamer) or take a name for a pattern of names.
_DECODERS = tuple(
    getattr(cv2, name)
    for name in ("CAP_FFMPEG", "CAP_AVFOUNDATION", "CAP_MSMF", "CAP_OPENCV_MJPEG")
    if hasattr(cv2, name)
)


def open_video(source: str | os.PathLike[str]) -> cv2.VideoCapture:
    """Opens a video file or the address of a stream.

    Args:
        source: Path of a regular file, or an address with `://`.

    Returns:
        The capture; it is not opened where OpenCV cannot read the video.

    Raises:
        ValueError: If the file is a playlist or no regular file.
    """
    text = os.fspath(source)
    if "://" not in text:
        check_video_file(Path(source))
    available = [back_end for back_end in _DECODERS if back_end in _built_in()]
    capture = cv2.VideoCapture()
    for back_end in available:
        if capture.open(text, back_end):
            break
    return capture


def check_video_file(path: Path) -> None:
    """Raises a `ValueError` where a path is no regular file, or a playlist."""
    if not path.is_file():
        raise ValueError("it is not a regular file")
    with path.open("rb") as stream:
        start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(_PLAYLISTS):
        raise ValueError("it is a playlist, which names other files; give these")


def _built_in() -> list[int]:
    return [*cv2.videoio_registry.getBackends()]
