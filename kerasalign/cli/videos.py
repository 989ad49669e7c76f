"""The part of `kerasalign align` that takes videos and cameras."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from kerasalign.cli.console import error_console, say
from kerasalign.support.files import write_json

_CAMERA = re.compile(r"camera:(\d+)")


def is_video(source: Path) -> bool:
    """Whether a source is a video file by its name, or a camera: `camera:0`."""
    from kerasalign.inference.video.frames import VIDEO_SUFFIXES

    return source.suffix.lower() in VIDEO_SUFFIXES or _CAMERA.fullmatch(str(source)) is not None


def align_one(network, source: Path, target: Path, detector, smooth: bool, as_json: bool) -> None:
    """Draws the faces of a video into a file, and their landmarks into a `.json` beside it; Ctrl-C ends it early.

    Args:
        network: The model.
        source: A video file, or `camera:0`.
        target: The video to write.
        detector: Name of the face detector, or the detector.
        smooth: Whether to smooth the landmarks.
        as_json: Whether to write the `.json`.
    """
    from kerasalign.inference.video import VideoWriter, align_video

    camera = _CAMERA.fullmatch(str(source))
    video = align_video(network, int(camera[1]) if camera else source, detector=detector, smooth=smooth)
    documents = []
    with VideoWriter(target, video.source.fps) as writer:
        # Noted where it is written: after Ctrl-C the two hold the same frames.
        written = video.drawn(writer, lambda frame: documents.append(frame.to_dict()), error_console().is_terminal)
        try:
            with closing(written):
                for _ in written:
                    pass
        except KeyboardInterrupt:
            say(f"{source}: stopped")
    seen = sum(bool(document["faces"]) for document in documents)
    runs = video.tracker.detector_runs
    say(f"{source}: {len(documents)} frames, {seen} with a face, detector used {runs} times -> {target}")
    if as_json:
        write_json(target.with_suffix(".json"), {"fps": video.source.fps, "frames": documents})
        say(f"Landmarks written to {target.with_suffix('.json')}")
