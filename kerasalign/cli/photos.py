"""`kerasalign align` and `kerasalign demo`."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import error_console, say
from kerasalign.files import write_json, written_beside

_ModelOption = Annotated[str | None, typer.Option(help="Name of a preset; see `kerasalign list`.")]
_WeightsOption = Annotated[Path | None, typer.Option(help="A weights file instead of the published ones.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("align")(align_command)
    app.command("demo")(demo_command)


def align_command(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Photos, folders of photos, videos, camera:0.")
    ],
    model: _ModelOption = None,
    weights: _WeightsOption = None,
    out: Annotated[Path, typer.Option(help="Folder for the drawn photos.")] = Path("landmarks"),
    as_json: Annotated[bool, typer.Option("--json", help="Also write OUT/landmarks.json.")] = False,
    boxes: Annotated[
        Path | None,
        typer.Option(help='Face boxes instead of a detector: JSON {"photo.jpg": [[x0, y0, x1, y1], ...]}.'),
    ] = None,
    detector: Annotated[str, typer.Option(help="Face detector: kerasalign or mtcnn.")] = "kerasalign",
    recursive: Annotated[bool, typer.Option("--recursive", help="Look into sub-folders too.")] = False,
    smooth: Annotated[bool, typer.Option("--smooth", help="Videos: smooth the landmarks over time.")] = False,
    runtime: Annotated[str, typer.Option(help="What networks run in: keras, onnxruntime or litert.")] = "keras",
) -> None:
    """Find the landmarks of photos and videos and draw them.

    A photo that cannot be read is reported and the rest goes on. The exit code is 0 when every photo could be
    read, with or without a face in it, and 1 when one could not. In a video faces are found once and then followed;
    with --json its landmarks are written beside it.
    """
    from kerasalign.cli.videos import align_one, is_video
    from kerasalign.inference import align_iter

    videos = [source for source in sources if is_video(source)]
    if videos and boxes is not None:
        raise ValueError(f"`--boxes` are for photos. Received: --boxes with {videos[0]}")
    photos = _photos([source for source in sources if not is_video(source)], recursive)
    given = None if boxes is None else _read_boxes(boxes, photos)
    network = _load(model, weights, runtime, runtime == "keras" or (given is None and detector != "kerasalign"))
    for video in videos:
        stem = str(video).replace(":", "") if not video.suffix else video.stem
        align_one(network, video, out / f"{stem}_landmarks.mp4", detector, smooth, as_json)
    if videos and not photos:
        return
    # Unreadable photos are reported here, one line each.
    logging.getLogger("kerasalign.inference").setLevel(logging.ERROR)
    stream = align_iter(network, photos, detector=detector, boxes=given, keep_images=True)
    screen = error_console()
    names: Counter[str] = Counter()
    documents, count = [], Counter()
    for faces in track(stream, "Aligning", len(photos), console=screen, transient=True,
                       disable=not screen.is_terminal):  # fmt: skip
        if faces.problem:
            count["failed"] += 1
            line = f"error: {faces.problem}"
        elif not len(faces):
            count["empty"] += 1
            line = "no face"
        else:
            count["drawn"] += 1
            target = out / _unique(f"{Path(faces.source).stem}_landmarks", names)
            _save(faces, target)
            line = f"{_count(len(faces), 'face')} -> {target}"
        documents.append(faces.to_dict())
        say(f"{faces.source}: {line}")
    if as_json:
        write_json(out / "landmarks.json", documents)
        say(f"Landmarks written to {out / 'landmarks.json'}")
    say(f"{_count(len(photos), 'photo')}: {count['drawn']} drawn, {count['empty']} without a face, "
        f"{count['failed']} not readable")  # fmt: skip
    if count["failed"]:
        raise typer.Exit(1)


def demo_command(
    photo: Annotated[Path | None, typer.Argument(help="Your photo; by default a portrait by NASA.")] = None,
    model: _ModelOption = None,
    weights: _WeightsOption = None,
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("kerasalign_demo.png"),
) -> None:
    """Draw the landmarks of one photo, to see that everything works."""
    source = _astronaut() if photo is None else photo
    faces = _load(model, weights).align(source)
    if not len(faces):
        raise ValueError(f"No face was found. Received: photo={str(photo)!r}")
    _save(faces, out, boxes=True, labels=len(faces) > 1)
    first = faces[0]
    say(f"{_count(len(faces), 'face')} with {faces.markup.num_points} points; the first one's box is "
         f"{[round(float(v), 1) for v in first.box]}.")  # fmt: skip
    say(f"Drawn on {out.resolve()}")


def _astronaut():
    try:
        from skimage import data
    except ImportError as error:
        raise ImportError("The demo's portrait comes with scikit-image: `pip install \"kerasalign[demo]\"`. "
                          "Or give a photo of your own: `kerasalign demo PHOTO`.") from error
    return data.astronaut()


def _load(name: str | None, weights: Path | None, runtime: str = "keras", start: bool = True):
    from kerasalign.hub import load, read_manifest

    with error_console().status("Loading the model"):
        # Another runtime needs no Keras once its files are made, nor does the detector that runs there too.
        if start:
            start_backend()
        chosen = "auto" if weights is None else weights
        return load(name or read_manifest().default, weights=chosen, runtime=runtime)


def _photos(sources: list[Path], recursive: bool) -> list[Path]:
    from kerasalign.data.images import list_images

    photos: list[Path] = []
    for source in sources:
        found = list_images(source, recursive) if source.is_dir() else [source]
        if not found:
            say(f"{source}: no photos in this folder")
        photos += found
    return photos


def _read_boxes(path: Path, photos: list[Path]) -> list:
    table = json.loads(path.read_text("utf-8"))
    if not isinstance(table, dict):
        raise ValueError("`--boxes` must hold an object from photo to boxes. "
                         f"Received: a {type(table).__name__} in {path}")
    missing = [str(p) for p in photos if str(p) not in table and p.name not in table]
    if missing:
        raise ValueError(f"`--boxes` must name every photo; give [] where there is no face. Received: {path} "
                         f"without {missing}")
    return [table.get(str(p), table.get(p.name)) for p in photos]


def _save(faces, path: Path, **options) -> None:
    with written_beside(path) as draft:
        faces.draw(**options).save(draft)


def _unique(stem: str, taken: Counter[str]) -> str:
    """A file name that no other photo of this run got, though photos of two folders may share theirs."""
    taken[stem] += 1
    return f"{stem}.png" if taken[stem] == 1 else f"{stem}_{taken[stem]}.png"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
