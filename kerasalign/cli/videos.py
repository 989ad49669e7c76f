"""Videos and cameras of `kerasalign align`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kerasalign.cli.console import error_console, say
from kerasalign.cli.options import ResultFormat
from kerasalign.support.json_lines import JsonLines
from kerasalign.support.stopping import Stopped

if TYPE_CHECKING:
    from kerasalign.inference.video import VideoFrame

_CAMERA = re.compile(r"camera:(\d+)")


def is_video(source: str) -> bool:
    """Whether a source is a video file or its address, by its suffix, a stream, or a camera such as `camera:0`."""
    from kerasalign.inference.video.frames import VIDEO_SUFFIXES

    address = urlsplit(source) if "://" in source else None
    if address is not None and address.scheme not in ("file", "http", "https"):
        return True
    return (
        Path(address.path if address is not None else source).suffix.lower() in VIDEO_SUFFIXES
        or _CAMERA.fullmatch(source) is not None
    )


def list_videos(sources: Iterable[str], recursive: bool, out: Path) -> list[Path]:
    """The videos of those sources that are folders, sorted, without those in `out`, which are of earlier runs."""
    from kerasalign.inference.video.frames import VIDEO_SUFFIXES

    videos = []
    for folder in (Path(source) for source in sources if source and "://" not in source and Path(source).is_dir()):
        inside = out.resolve() if out.resolve() != folder.resolve() else None
        videos += sorted(
            path
            for path in (folder.rglob("*") if recursive else folder.iterdir())
            if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and not path.name.startswith(".")
            if inside not in path.resolve().parents
        )
    return videos


def video_name(source: str | Path) -> str:
    """A name for the files of a video."""
    if isinstance(source, str) and "://" in source:
        return re.sub(r"\W+", "_", source.partition("://")[2]).strip("_")[:80] or "stream"
    path = Path(source)
    return path.stem if path.suffix else str(source).replace(":", "")


def align_video_file(
    network,
    source: str | Path,
    target: Path,
    detector,
    smooth: bool,
    file_format: ResultFormat | None,
    max_faces: int | None = None,
) -> None:
    """Writes a video with drawn faces, and optionally a file with their landmarks beside it.

    Ctrl-C or a signal ends it early; both files then hold the frames until there.

    Args:
        network: The model.
        source: A video file, the address of a video or stream, or `camera:0`.
        target: Path of the video to write.
        detector: Face detector or its name.
        smooth: Whether to smooth the landmarks.
        file_format: Format of the landmarks; `None` writes none.
        max_faces: How many faces to follow, the largest first; `None`: all.
    """
    from kerasalign.inference.video import VideoWriter, align_video

    camera = _CAMERA.fullmatch(str(source))
    video = align_video(
        network, int(camera[1]) if camera else source, detector=detector, smooth=smooth, max_faces=max_faces
    )
    stopped = None
    count: Counter[str] = Counter()
    with _frame_file(target, file_format, video.source.fps) as told:
        with VideoWriter(target, video.source.fps) as writer:

            def keep(frame: VideoFrame) -> None:
                # Each written frame adds its lines, so that both files hold the same frames after a stop.
                if told:
                    told.write(frame)
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
    if told:
        say(f"Landmarks written to {told.path}")
    if isinstance(stopped, Stopped):
        raise stopped


@dataclass(frozen=True)
class _FrameFile:
    """A file of landmarks, and what adds a frame to it."""

    path: Path
    write: Callable[[VideoFrame], None]


@contextmanager
def _frame_file(target: Path, file_format: ResultFormat | None, fps: float) -> Iterator[_FrameFile | None]:
    """The file of landmarks beside a drawn video, complete when the block ends."""
    from kerasalign.inference.exporters import CsvSink
    from kerasalign.inference.exporters.sinks import partial_path

    if file_format is None:
        yield None
        return
    path = target.with_suffix(f".{file_format.value}")
    if file_format is ResultFormat.csv:
        with CsvSink(path) as sink:
            yield _FrameFile(path, sink.write_frame)
        return
    whole = file_format is ResultFormat.json
    with JsonLines(partial_path(path) if whole else path) as lines:
        yield _FrameFile(path, lambda frame: lines.write(frame.to_dict()))
        if whole:
            lines.assemble(path, f'{{"fps": {json.dumps(fps)}, "frames": [', "]}")
