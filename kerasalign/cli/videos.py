"""Videos and cameras of `kerasalign align`."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.cli.console import error_console, say
from kerasalign.support.json_lines import JsonLines
from kerasalign.support.stopping import Stopped

if TYPE_CHECKING:
    from kerasalign.inference.video import VideoFrame

_CAMERA = re.compile(r"camera:(\d+)")


def is_video(source: Path) -> bool:
    """Whether a source is a video file, by its suffix, or a camera such as `camera:0`."""
    from kerasalign.inference.video.frames import VIDEO_SUFFIXES

    return source.suffix.lower() in VIDEO_SUFFIXES or _CAMERA.fullmatch(str(source)) is not None


def align_video_file(network, source: Path, target: Path, detector, smooth: bool, as_json: bool) -> None:
    """Writes a video with drawn faces, and optionally a `.json` file with their landmarks.

    Ctrl-C or a signal ends it early; both files then hold the frames until there.

    Args:
        network: The model.
        source: A video file, or `camera:0`.
        target: Path of the video to write.
        detector: Face detector or its name.
        smooth: Whether to smooth the landmarks.
        as_json: Whether to write the landmarks.
    """
    from kerasalign.inference.exporters.sinks import partial_path
    from kerasalign.inference.video import VideoWriter, align_video

    camera = _CAMERA.fullmatch(str(source))
    video = align_video(network, int(camera[1]) if camera else source, detector=detector, smooth=smooth)
    told, stopped = target.with_suffix(".json"), None
    count: Counter[str] = Counter()
    with JsonLines(partial_path(told)) if as_json else nullcontext() as lines:
        with VideoWriter(target, video.source.fps) as writer:

            def keep(frame: VideoFrame) -> None:
                # Each written frame adds its line, so that both files hold the same frames after a stop.
                if lines:
                    lines.write(frame.to_dict())
                count.update(frames=1, with_face=min(len(frame.faces), 1))

            written = video.drawn(writer, keep, error_console().is_terminal)
            try:
                with closing(written):
                    for _ in written:
                        pass
            except (KeyboardInterrupt, Stopped) as stop:
                stopped = stop
                say(f"{source}: stopped")
        runs = f"detector used {video.tracker.detector_runs} times"
        say(f"{source}: {count['frames']} frames, {count['with_face']} with a face, {runs} -> {target}")
        if lines:
            lines.assemble(told, f'{{"fps": {json.dumps(video.source.fps)}, "frames": [', "]}")
            say(f"Landmarks written to {told}")
    if isinstance(stopped, Stopped):
        raise stopped
