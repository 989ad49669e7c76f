"""`kerasalign align` and `kerasalign demo`."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import error_console, say
from kerasalign.cli.options import WeightsFile
from kerasalign.cli.thresholds import FailureThreshold, SuccessThreshold, at_thresholds
from kerasalign.support.files import check_folder_writable, written_beside
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.inference.exporters.sinks import Sink

_ModelOption = Annotated[str | None, typer.Option(help="Name of a preset; see `kerasalign list`.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("align")(align_command)
    app.command("demo")(demo_command)


def align_command(
    sources: Annotated[
        # Texts: a path has no `//`, an address does. Each file is checked when its turn comes.
        list[str],
        typer.Argument(metavar="SOURCE...", help="Photos, videos, folders of them, addresses of streams, or camera:0."),
    ],
    model: _ModelOption = None,
    weights: WeightsFile = None,
    out: Annotated[Path, typer.Option(help="Folder for the drawn photos and videos.")] = Path("landmarks"),
    as_json: Annotated[bool, typer.Option("--json", help="Also write the landmarks to OUT/landmarks.json.")] = False,
    boxes: Annotated[
        Path | None,
        typer.Option(help='JSON file of face boxes, instead of a detector: {"photo.jpg": [[x0, y0, x1, y1], ...]}.'),
    ] = None,
    detector: Annotated[str, typer.Option(help="Face detector: kerasalign or mtcnn.")] = "kerasalign",
    detector_size: Annotated[
        int | None,
        typer.Option(help="Size at which the detector searches, a multiple of 32; a larger size finds smaller faces."),
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
    runtime: Annotated[str, typer.Option(help="Runtime of the networks: keras, onnxruntime or litert.")] = "keras",
) -> None:
    """Find the landmarks of photos and videos and draw them.

    A source that cannot be read, or a drawing that cannot be written, is reported, and the command continues with the
    other sources. The exit code is then 1; otherwise it is 0, also without any face. In videos each face is detected
    once and then tracked; --json writes the landmarks of a video to a file beside it. Files in OUT are never sources.
    """
    from kerasalign.cli.videos import align_video_file, is_video, list_videos, video_name
    from kerasalign.inference import align_iter
    from kerasalign.inference.exporters.sinks import JsonSink

    if "" in sources:
        raise ValueError(f"SOURCE must not be empty. Received: {sources}")
    videos: list[str | Path] = [source for source in sources if is_video(source)]
    if videos and boxes is not None:
        raise ValueError(f"`--boxes` are for photos. Received: --boxes with {videos[0]}")
    count: Counter[str] = Counter()
    in_folders = [] if boxes is not None else list_videos(sources, recursive, out)
    photos = _photos([Path(s) for s in sources if not is_video(s)], recursive, out, count, in_folders)
    videos += in_folders
    given = None if boxes is None else _read_boxes(boxes, photos)
    check_folder_writable(out, "--out")
    json_file = as_json and (photos or not videos)
    with JsonSink(out / "landmarks.json") if json_file else nullcontext() as sink:
        finder = _detector(detector, detector_size, min_score, runtime, given is not None)
        network = _load(model, weights, runtime, runtime == "keras" or (given is None and detector != "kerasalign"))
        network = at_thresholds(network, success_threshold, failure_threshold)
        names: Counter[str] = Counter()
        for video in videos:
            target = out / _unique(f"{video_name(video)}_landmarks", ".mp4", names)
            try:
                align_video_file(network, video, target, finder, smooth, as_json, max_faces)
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
            _report(stream, len(photos), out, draw, names, sink, count)
    if sink:
        say(f"Landmarks written to {sink.path}")
    if photos or not videos:
        unwritten = f", {count['unwritten']} not writable" if count["unwritten"] else ""
        say(
            f"{_count(len(photos), 'photo')}: {count['found']} {'drawn' if draw else 'with faces'}, "
            f"{count['empty']} without a face, {count['unread']} not readable{unwritten}"
        )
    if count["video"] + count["unread"] + count["unwritten"] + count["unlisted"]:
        raise typer.Exit(1)


def _report(
    stream, total: int, out: Path, draw: bool, names: Counter[str], sink: Sink | None, count: Counter[str]
) -> None:
    """Writes, draws and counts the faces of photos, and prints a line for each photo."""
    # The lines below report unreadable photos.
    logging.getLogger("kerasalign.inference").setLevel(logging.ERROR)
    for faces in track(stream, "Aligning", total):
        if sink is not None:
            sink.write(faces)
        if faces.problem:
            count["unread"] += 1
            line = f"error: {faces.problem}"
        elif not len(faces):
            count["empty"] += 1
            line = "no face"
        elif not draw:
            count["found"] += 1
            line = _count(len(faces), "face")
        else:
            target = out / _unique(f"{Path(faces.source).stem}_landmarks", ".png", names)
            try:
                _save(faces, target)
                count["found"] += 1
                line = f"{_count(len(faces), 'face')} -> {target}"
            except OSError as error:
                count["unwritten"] += 1
                line = f"error: {_count(len(faces), 'face')}, but the drawing cannot be written ({error})"
        say(f"{faces.source}: {line}")


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


def demo_command(
    photo: Annotated[Path | None, typer.Argument(help="A photo; by default a portrait by NASA.")] = None,
    model: _ModelOption = None,
    weights: WeightsFile = None,
    out: Annotated[Path, typer.Option(help="File for the drawing.")] = Path("kerasalign_demo.png"),
) -> None:
    """Draw the landmarks of one photo, to check the installation."""
    source = _astronaut() if photo is None else photo
    faces = _load(model, weights).align(source)
    if not len(faces):
        raise ValueError(f"No face was found. Received: photo={str(photo)!r}")
    _save(faces, out, boxes=True, labels=len(faces) > 1)
    first = faces[0]
    say(
        f"{_count(len(faces), 'face')} with {faces.markup.num_points} points; the first one's box is "
        f"{[round(float(v), 1) for v in first.box]}."
    )
    say(f"Drawn on {out.resolve()}")


def _astronaut():
    try:
        from skimage import data
    except ImportError as error:
        raise ImportError(
            'The demo\'s portrait comes with scikit-image: `pip install "kerasalign[demo]"`. '
            "Or give a photo of your own: `kerasalign demo PHOTO`."
        ) from error
    return data.astronaut()


def _load(name: str | None, weights: Path | None, runtime: str = "keras", start: bool = True):
    from kerasalign.hub import load, read_manifest

    with error_console().status("Loading the model"):
        # Other runtimes need Keras only to make their files.
        if start:
            start_backend()
        chosen = "auto" if weights is None else weights
        return load(name or read_manifest().default, weights=chosen, runtime=runtime)


def _photos(sources: list[Path], recursive: bool, out: Path, count: Counter[str], videos: Sequence[Path]) -> list[Path]:
    from kerasalign.support.images import list_images

    def report(error: OSError) -> None:
        count["unlisted"] += 1
        say(f"{error.filename}: error: the folder cannot be listed ({error.strerror})")

    photos: list[Path] = []
    for source in sources:
        files = [source]
        if source.is_dir():
            # Drawings of an earlier run may lie inside the source folder.
            inside = out.resolve() if out.resolve() != source.resolve() else None
            files = [path for path in list_images(source, recursive, report) if inside not in path.resolve().parents]
        if not files and not any(source in video.parents for video in videos):
            say(f"{source}: no photos in this folder")
        photos += files
    return photos


def _read_boxes(path: Path, photos: list[Path]) -> list:
    table = json.loads(path.read_text("utf-8"))
    if not isinstance(table, dict):
        raise ValueError(
            f"`--boxes` must hold an object from photo to boxes. Received: a {type(table).__name__} in {path}"
        )
    missing = [str(p) for p in photos if str(p) not in table and p.name not in table]
    if missing:
        raise ValueError(
            f"`--boxes` must name every photo; give [] where there is no face. Received: {path} without {missing}"
        )
    return [table.get(str(p), table.get(p.name)) for p in photos]


def _save(faces, path: Path, **options) -> None:
    with written_beside(path) as draft:
        faces.draw(**options).save(draft)


def _unique(stem: str, suffix: str, taken: Counter[str]) -> str:
    """A file name that this run has not used yet; files of different folders may have the same name."""
    taken[stem + suffix] += 1
    number = taken[stem + suffix]
    return f"{stem}{suffix}" if number == 1 else f"{stem}_{number}{suffix}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
