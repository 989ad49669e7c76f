"""Videos and cameras of `kerasalign align`."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from kerasalign.cli.console import error_console, say
from kerasalign.support.files import write_json

_CAMERA = re.compile(r"camera:(\d+)")


def is_video(source: Path) -> bool:
    """Whether a source is a video file, by its suffix, or a camera such as `camera:0`."""
    from kerasalign.inference.video.frames import VIDEO_SUFFIXES

    return source.suffix.lower() in VIDEO_SUFFIXES or _CAMERA.fullmatch(str(source)) is not None


def align_video_file(network, source: Path, target: Path, detector, smooth: bool, as_json: bool) -> None:
    """Writes a video with drawn faces, and optionally a `.json` file with their landmarks. Ctrl-C ends it early.

    Args:
        network: The model.
        source: A video file, or `camera:0`.
        target: Path of the video to write.
        detector: Face detector or its name.
        smooth: Whether to smooth the landmarks.
        as_json: Whether to write the landmarks.
    """
    from kerasalign.inference.video import VideoWriter, align_video

    camera = _CAMERA.fullmatch(str(source))
    video = align_video(network, int(camera[1]) if camera else source, detector=detector, smooth=smooth)
    documents = []
    with VideoWriter(target, video.source.fps) as writer:
        # Each written frame adds its document, so that both files hold the same frames after Ctrl-C.
        written = video.drawn(writer, lambda frame: documents.append(frame.to_dict()), error_console().is_terminal)
        try:
            with closing(written):
                for _ in written:
                    pass
        except KeyboardInterrupt:
            say(f"{source}: stopped")
    with_faces = sum(bool(document["faces"]) for document in documents)
    runs = f"detector used {video.tracker.detector_runs} times"
    say(f"{source}: {len(documents)} frames, {with_faces} with a face, {runs} -> {target}")
    if as_json:
        write_json(target.with_suffix(".json"), {"fps": video.source.fps, "frames": documents})
        say(f"Landmarks written to {target.with_suffix('.json')}")
