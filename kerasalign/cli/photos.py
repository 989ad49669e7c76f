"""`kerasalign align`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasalign.cli.align_options import AlignOptions
from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import error_console, say
from kerasalign.cli.engines import align_by_ray
from kerasalign.cli.groups import grouped
from kerasalign.cli.options import Engine
from kerasalign.cli.sources import list_sources, read_boxes
from kerasalign.cli.thresholds import at_thresholds
from kerasalign.support.files import check_folder_writable, numbered, written_beside
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.cli.sinks import Sink
    from kerasalign.inference import Faces


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("align")(grouped(align_command))


def align_command(
    sources: Annotated[
        # Texts: a path has no `//`, an address does. Each file is checked when its turn comes.
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Photos, videos, folders of them, patterns, addresses of photos or streams, or camera:0.",
        ),
    ],
    options: AlignOptions,
) -> None:
    """Find the landmarks of photos and videos and draw them.

    A source that cannot be read, or a drawing that cannot be written, is reported, and the command continues with the
    other sources. The exit code is then 1; otherwise it is 0, also without any face. In videos each face is detected
    once and then tracked. Files in OUT are never sources. A stop loses none of what was found.

    With --engine ray, photos, Parquet files and tar files become Parquet files in OUT; the same command again goes on.
    """
    from kerasalign.cli.sinks import photo_sinks
    from kerasalign.inference import align_iter

    if "" in sources:
        raise ValueError(f"SOURCE must not be empty. Received: {sources}")
    if options.engine is Engine.ray:
        return _align_by_ray(sources, options)
    if options.workers is not None:
        raise ValueError(f"`--workers` needs `--engine ray`. Received: --workers {options.workers}")
    count: Counter[str] = Counter()
    tell = partial(say, error=options.as_json)
    photos, videos = list_sources(sources, options, count, tell)
    if count["missing"] and not photos and not videos:
        raise typer.Exit(1)
    boxes = None if options.boxes is None else read_boxes(options.boxes, photos)
    check_folder_writable(options.out, "--out")
    with photo_sinks(options.file_format if photos or not videos else None, options.out, options.as_json) as sinks:
        detector, network = _detector(options), _network(options)
        names: Counter[str] = Counter()
        _align_videos(network, detector, videos, options, names, count)
        if photos or not videos:
            stream = align_iter(
                network,
                photos,
                detector=detector,
                boxes=boxes,
                max_error=options.max_error,
                keep_images=True,
                max_faces=options.max_faces,
            )
            _report(stream, len(photos), options.out if options.draw else None, names, sinks, count, tell)
    for sink in sinks:
        if sink.path is not None:
            tell(f"Landmarks written to {sink.path}")
    if photos or not videos:
        tell(_summary(len(photos), count, options.draw))
    if count["video"] + count["unread"] + count["unwritten"] + count["unlisted"] + count["missing"]:
        raise typer.Exit(1)


def _align_by_ray(sources: list[str], options: AlignOptions) -> None:
    refused = {
        "--weights": options.weights,
        "--boxes": options.boxes,
        "--json": options.as_json,
        "--format": options.file_format,
        "--smooth": options.smooth,
        "--success-threshold": options.success_threshold,
        "--failure-threshold": options.failure_threshold,
        "--detector-size": options.detector_size,
    }
    given = ("detector", "max_error", "max_faces", "min_score", "recursive", "runtime")
    taken = {name: getattr(options, name) for name in given}
    align_by_ray(sources, options.out, options.model, options.workers, refused, **taken)


def _network(options: AlignOptions):
    """The preset in the runtime that was chosen, at its thresholds."""
    runtime = options.runtime or "keras"
    start = runtime == "keras" or (options.boxes is None and options.detector != "kerasalign")
    network = load_model(options.model, options.weights, runtime, start)
    return at_thresholds(network, options.success_threshold, options.failure_threshold)


def _align_videos(
    network, detector, videos: Sequence[str | Path], options: AlignOptions, names: Counter[str], count: Counter[str]
) -> None:
    """Writes the drawn videos, and counts those that cannot be read or written."""
    from kerasalign.cli.videos import align_video_file, video_name

    for video in videos:
        target = options.out / f"{numbered(f'{video_name(video)}_landmarks', names)}.mp4"
        try:
            align_video_file(network, video, target, detector, options.smooth, options.file_format, options.max_faces)
        except (ValueError, OSError) as error:
            count["video"] += 1
            say(f"{video}: error: {error}")


def _summary(photos: int, count: Counter[str], drawn: bool) -> str:
    """The last line of a run over photos."""
    unwritten = f", {count['unwritten']} not writable" if count["unwritten"] else ""
    return (
        f"{counted(photos + count['missing'], 'photo')}: {count['found']} {'drawn' if drawn else 'with faces'}, "
        f"{count['empty']} without a face, {count['unread'] + count['missing']} not readable{unwritten}"
    )


def _report(
    stream: Iterable[Faces],
    total: int,
    out: Path | None,
    names: Counter[str],
    sinks: Sequence[Sink],
    count: Counter[str],
    tell: Callable[[str], None],
) -> None:
    """Writes, draws and counts the faces of photos, and prints a line for each photo."""
    from kerasalign.inference.serialize import source_stem

    # The lines below report unreadable photos.
    logging.getLogger("kerasalign.inference").setLevel(logging.ERROR)
    for faces in track(stream, "Aligning", total):
        for sink in sinks:
            sink.write(faces)
        if faces.problem:
            count["unread"] += 1
            line = f"error: {faces.problem}"
        elif not len(faces):
            count["empty"] += 1
            line = "no face"
        elif out is None:
            count["found"] += 1
            line = counted(len(faces), "face")
        else:
            target = out / f"{numbered(f'{source_stem(faces.source)}_landmarks', names)}.png"
            try:
                save_drawing(faces, target)
                count["found"] += 1
                line = f"{counted(len(faces), 'face')} -> {target}"
            except OSError as error:
                count["unwritten"] += 1
                line = f"error: {counted(len(faces), 'face')}, but the drawing cannot be written ({error})"
        tell(f"{faces.source}: {line}")


def _detector(options: AlignOptions):
    """The detector's name, or the library's own detector where it has options."""
    chosen: dict[str, Any] = {"size": options.detector_size, "min_score": options.min_score}
    chosen = {key: value for key, value in chosen.items() if value is not None}
    if not chosen:
        return options.detector
    from kerasalign.inference import KerasAlignDetector

    if options.detector != KerasAlignDetector.name or options.boxes is not None:
        raise ValueError(
            "`--detector-size` and `--min-score` need the detector 'kerasalign'. Received: "
            f"{'--boxes' if options.boxes is not None else f'--detector {options.detector}'}"
        )
    return KerasAlignDetector(**chosen, runtime=options.runtime or "keras")


def load_model(name: str | None, weights: Path | None, runtime: str = "keras", start: bool = True):
    """The preset of this name, or the default one, in a runtime."""
    from kerasalign.hub import load, read_manifest

    with error_console().status("Loading the model"):
        # Other runtimes need Keras only to make their files.
        if start:
            start_backend()
        chosen = "auto" if weights is None else weights
        return load(name or read_manifest().default, weights=chosen, runtime=runtime)


def save_drawing(faces: Faces, path: Path, **options: Any) -> None:
    """Writes a photo with its landmarks drawn."""
    with written_beside(path) as draft:
        faces.draw(**options).save(draft)


def counted(number: int, what: str) -> str:
    """A number of things, such as "2 faces"."""
    return f"{number} {what}{'' if number == 1 else 's'}"
