"""`kerasalign align`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import error_console, say
from kerasalign.cli.engines import align_by_ray
from kerasalign.cli.options import Engine, EngineOption, PresetOption, ResultFormat, WeightsFile
from kerasalign.cli.thresholds import FailureThreshold, SuccessThreshold, at_thresholds
from kerasalign.support.bounded import read_json
from kerasalign.support.files import check_folder_writable, numbered, written_beside
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.cli.sinks import Sink
    from kerasalign.inference import Faces


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("align")(align_command)


def align_command(
    sources: Annotated[
        # Texts: a path has no `//`, an address does. Each file is checked when its turn comes.
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Photos, videos, folders of them, patterns, addresses of photos or streams, or camera:0.",
        ),
    ],
    model: PresetOption = None,
    weights: WeightsFile = None,
    out: Annotated[Path, typer.Option(help="Folder for the drawn photos and videos.")] = Path("landmarks"),
    file_format: Annotated[
        ResultFormat | None,
        typer.Option(
            "--format",
            help="Also write the landmarks as they come: OUT/landmarks.json, .jsonl or .csv, OUT/coco.json, or a .pts "
            "file a face. Of a video: json, jsonl or csv beside it.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the landmarks of photos as JSON, and all other lines elsewhere.")
    ] = False,
    boxes: Annotated[
        Path | None,
        typer.Option(
            exists=True, help='JSON file of face boxes, instead of a detector: {"photo.jpg": [[x0, y0, x1, y1], ...]}.'
        ),
    ] = None,
    detector: Annotated[
        str, typer.Option(help="Face detector: kerasalign, mtcnn, yunet:FILE or mediapipe.")
    ] = "kerasalign",
    detector_size: Annotated[
        int | None,
        typer.Option(
            help="Largest size at which the detector searches, a multiple of 32; larger photos are resized to it."
        ),
    ] = None,
    min_score: Annotated[float | None, typer.Option(help="Lowest detection score of a face, 0 to 1.")] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Leave out faces of photos whose estimated error is above this, in percent; see docs/results.md."
        ),
    ] = None,
    max_faces: Annotated[int | None, typer.Option(min=1, help="Align only so many faces, the largest.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Search folders recursively.")] = False,
    draw: Annotated[bool, typer.Option("--draw/--no-draw", help="Write each photo with its landmarks drawn.")] = True,
    success_threshold: SuccessThreshold = None,
    failure_threshold: FailureThreshold = None,
    smooth: Annotated[bool, typer.Option("--smooth", help="Smooth the landmarks of videos over time.")] = False,
    runtime: Annotated[
        str | None,
        typer.Option(help="Runtime of the networks: keras, onnxruntime (default with Ray) or litert."),
    ] = None,
    engine: EngineOption = Engine.local,
    workers: Annotated[int | None, typer.Option(min=1, help="With Ray: processes; by default one a core.")] = None,
) -> None:
    """Find the landmarks of photos and videos and draw them.

    A source that cannot be read, or a drawing that cannot be written, is reported, and the command continues with the
    other sources. The exit code is then 1; otherwise it is 0, also without any face. In videos each face is detected
    once and then tracked. Files in OUT are never sources. A stop loses none of what was found.

    With --engine ray, photos, Parquet files and tar files become Parquet files in OUT; the same command again goes on.
    """
    from kerasalign.cli.sinks import check_video_format, photo_sinks
    from kerasalign.cli.videos import align_video_file, is_video, list_videos, video_name
    from kerasalign.inference import align_iter

    if "" in sources:
        raise ValueError(f"SOURCE must not be empty. Received: {sources}")
    if engine is Engine.ray:
        return align_by_ray(
            sources,
            out,
            model,
            workers,
            {"--weights": weights, "--boxes": boxes, "--json": as_json, "--format": file_format, "--smooth": smooth}
            | {"--success-threshold": success_threshold, "--failure-threshold": failure_threshold}
            | {"--detector-size": detector_size},
            detector=detector,
            max_error=max_error,
            max_faces=max_faces,
            min_score=min_score,
            recursive=recursive,
            runtime=runtime,
        )
    if workers is not None:
        raise ValueError(f"`--workers` needs `--engine ray`. Received: --workers {workers}")
    runtime = runtime or "keras"
    videos: list[str | Path] = [source for source in sources if is_video(source)]
    if videos and boxes is not None:
        raise ValueError(f"`--boxes` are for photos. Received: --boxes with {videos[0]}")
    count: Counter[str] = Counter()
    tell = partial(say, error=as_json)
    in_folders = [] if boxes is not None else list_videos(sources, recursive, out)
    others = [source for source in sources if not is_video(source)]
    photos = _photos(others, recursive, out, count, in_folders, tell)
    videos += in_folders
    if videos:
        check_video_format(file_format, as_json)
    if count["missing"] and not photos and not videos:
        raise typer.Exit(1)
    given = None if boxes is None else _read_boxes(boxes, photos)
    check_folder_writable(out, "--out")
    with photo_sinks(file_format if photos or not videos else None, out, as_json) as sinks:
        finder = _detector(detector, detector_size, min_score, runtime, given is not None)
        network = load_model(
            model, weights, runtime, runtime == "keras" or (given is None and detector != "kerasalign")
        )
        network = at_thresholds(network, success_threshold, failure_threshold)
        names: Counter[str] = Counter()
        for video in videos:
            target = out / f"{numbered(f'{video_name(video)}_landmarks', names)}.mp4"
            try:
                align_video_file(network, video, target, finder, smooth, file_format, max_faces)
            except (ValueError, OSError) as error:
                count["video"] += 1
                say(f"{video}: error: {error}")
        if photos or not videos:
            stream = align_iter(
                network,
                photos,
                detector=finder,
                boxes=given,
                max_error=max_error,
                keep_images=True,
                max_faces=max_faces,
            )
            _report(stream, len(photos), out if draw else None, names, sinks, count, tell)
    for sink in sinks:
        if sink.path is not None:
            tell(f"Landmarks written to {sink.path}")
    if photos or not videos:
        unwritten = f", {count['unwritten']} not writable" if count["unwritten"] else ""
        total = counted(len(photos) + count["missing"], "photo")
        tell(
            f"{total}: {count['found']} {'drawn' if draw else 'with faces'}, "
            f"{count['empty']} without a face, {count['unread'] + count['missing']} not readable{unwritten}"
        )
    if count["video"] + count["unread"] + count["unwritten"] + count["unlisted"] + count["missing"]:
        raise typer.Exit(1)


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


def _detector(name: str, size: int | None, min_score: float | None, runtime: str, boxes_given: bool):
    """The detector's name, or the library's own detector where it has options."""
    options: dict[str, Any] = {"size": size, "min_score": min_score}
    options = {key: value for key, value in options.items() if value is not None}
    if not options:
        return name
    from kerasalign.inference import KerasAlignDetector

    if name != KerasAlignDetector.name or boxes_given:
        raise ValueError(
            "`--detector-size` and `--min-score` need the detector 'kerasalign'. Received: "
            f"{'--boxes' if boxes_given else f'--detector {name}'}"
        )
    return KerasAlignDetector(**options, runtime=runtime)


def load_model(name: str | None, weights: Path | None, runtime: str = "keras", start: bool = True):
    """The preset of this name, or the default one, in a runtime."""
    from kerasalign.hub import load, read_manifest

    with error_console().status("Loading the model"):
        # Other runtimes need Keras only to make their files.
        if start:
            start_backend()
        chosen = "auto" if weights is None else weights
        return load(name or read_manifest().default, weights=chosen, runtime=runtime)


def _photos(
    sources: list[str],
    recursive: bool,
    out: Path,
    count: Counter[str],
    videos: Sequence[Path],
    tell: Callable[[str], None],
) -> list[Path | str]:
    """The photos of the sources. What is not there is reported here, before any network is loaded."""
    from kerasalign.inference.sources import is_pattern, matching
    from kerasalign.support.images import list_images
    from kerasalign.support.web import is_address

    def report(error: OSError) -> None:
        count["unlisted"] += 1
        tell(f"{error.filename}: error: the folder cannot be listed ({error.strerror})")

    photos: list[Path | str] = []
    for source in sources:
        path = Path(source)
        if is_address(source):
            photos.append(source)
        elif path.is_dir():
            # Drawings of an earlier run may lie inside the source folder.
            inside = out.resolve() if out.resolve() != path.resolve() else None
            files = [found for found in list_images(path, recursive, report) if inside not in found.resolve().parents]
            if not files and not any(path in video.parents for video in videos):
                tell(f"{source}: no photos in this folder")
            photos += files
        elif is_pattern(source):
            photos += matching(source)
        elif not path.exists():
            count["missing"] += 1
            tell(f"{source}: error: there is no such file")
        else:
            photos.append(path)
    return photos


def _read_boxes(path: Path, photos: Sequence[Path | str]) -> list:
    try:
        table = read_json(path)
    except ValueError as error:
        raise ValueError(f"`--boxes` must be a JSON file: {error}. Received: {path}") from error
    if not isinstance(table, dict):
        raise ValueError(
            f"`--boxes` must hold an object from photo to boxes. Received: a {type(table).__name__} in {path}"
        )
    missing = [str(p) for p in photos if str(p) not in table and Path(p).name not in table]
    if missing:
        raise ValueError(
            f"`--boxes` must name every photo; give [] where there is no face. Received: {path} without {missing}"
        )
    return [table.get(str(p), table.get(Path(p).name)) for p in photos]


def save_drawing(faces: Faces, path: Path, **options: Any) -> None:
    """Writes a photo with its landmarks drawn."""
    with written_beside(path) as draft:
        faces.draw(**options).save(draft)


def counted(number: int, what: str) -> str:
    """A number of things, such as "2 faces"."""
    return f"{number} {what}{'' if number == 1 else 's'}"
