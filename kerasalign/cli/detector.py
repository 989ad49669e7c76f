"""`kerasalign detector heads|faces|train|mine|distractors|measure|export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import fit_verbosity, print_json, print_table, say
from kerasalign.cli.options import AsJson, Backgrounds, Environments, Head
from kerasalign.support.files import write_json
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series

DetectorWeights = Annotated[Path | None, typer.Option(help="Weights file; by default the library's own weights.")]

_app = typer.Typer(no_args_is_help=True, help="Train, measure and export the face detector.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(_app, name="detector")


@_app.command("heads")
def heads_command(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the cut-out heads.")],
    count: Annotated[int, typer.Option(help="Total number of heads in the folder.")] = 3000,
    size: Annotated[int, typer.Option(help="Width and height of a cut-out in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Random seed of the series.")] = 0,
    head: Head = None,
    environments: Environments = None,
    workers: Annotated[int, typer.Option(help="Number of processes that render.")] = 1,
) -> None:
    """Render heads without background. Run the same command again to continue after an interruption."""
    from kerasalign.detection.training.pool import write_pool

    rendered = write_pool(_head_series(seed, size, head, environments), count, out, workers)
    say(f"{rendered} heads rendered, {count} in {out}; train with: kerasalign detector train --heads {out}")


def _head_series(seed: int, size: int, head: Path | None, environments: Path | None) -> Series:
    """The series of heads without background."""
    from kerasalign.detection.training.pool import pool_scene
    from kerasalign.synth.dataset.series import Series

    scene = replace(pool_scene(), environment_maps=environments and str(environments))
    return Series(seed=seed, size=size, head=head and str(head), scene=scene)


@_app.command("faces")
def faces_command(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Folder of photos that are each cut around one face.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the cut-out faces.")],
    source: Annotated[str, typer.Option(help="Name, author and license of the photos, for the run card.")] = "",
    model: Annotated[str | None, typer.Option(help="Preset that labels the faces, with 68 points.")] = None,
    max_spread: Annotated[
        float, typer.Option(help="Largest disagreement of several views, relative to the face's side.")
    ] = 0.045,
    size: Annotated[int, typer.Option(help="Width and height of a cut-out in pixels.")] = 224,
    seed: Annotated[int, typer.Option(help="Random seed of the masks.")] = 0,
    runtime: Annotated[str, typer.Option(help="Runtime of the networks: keras, onnxruntime or litert.")] = "keras",
) -> None:
    """Label real faces by a landmark model and cut them out, as further heads for training."""
    from kerasalign.detection.training.real_faces import write_photo_pool
    from kerasalign.hub import load, read_manifest
    from kerasalign.inference import KerasAlignDetector
    from kerasalign.support.images import list_images

    if runtime == "keras":
        start_backend()
    network, finder = load(model or read_manifest().default, runtime=runtime), KerasAlignDetector(runtime=runtime)
    written = write_photo_pool(
        network,
        finder,
        list_images(photos, recursive=True),
        out,
        size=size,
        max_spread=max_spread,
        seed=seed,
        source=source,
    )
    say(f"{written} faces in {out}; train with: kerasalign detector train --heads HEADS --heads {out}")


@_app.command("train")
def train_command(
    heads: Annotated[
        list[Path], typer.Option(metavar="DIR", help="Folder of cut-out heads or faces; can be repeated.")
    ],
    run: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("runs/detector"),
    backgrounds: Backgrounds = None,
    negatives: Annotated[
        Path | None, typer.Option(help="Folder of false detections from `kerasalign detector mine`.")
    ] = None,
    init: Annotated[Path | None, typer.Option(help="Initial weights file.")] = None,
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 6000,
    batch_size: Annotated[int, typer.Option(help="Scenes per step.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 2e-3,
    size: Annotated[int, typer.Option(help="Width and height of a scene in pixels.")] = 256,
    steps_per_epoch: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 200,
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    seed: Annotated[int, typer.Option(help="Random seed of weights and scenes.")] = 0,
    processes: Annotated[int, typer.Option(help="Number of processes that compose scenes.")] = 1,
) -> None:
    """Train on scenes composed of rendered heads. Run the same command again to continue a stopped run."""
    start_backend()
    from kerasalign.detection.training.crowd import CrowdConfig
    from kerasalign.detection.training.recipe import DetectorRecipe

    recipe = DetectorRecipe(
        crowd=CrowdConfig(size=size),
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        steps_per_epoch=steps_per_epoch,
        precision=precision,
        seed=seed,
    )
    recipe.fit(
        heads,
        run,
        backgrounds=backgrounds,
        negatives=negatives,
        initial_weights=init,
        processes=processes,
        verbose=fit_verbosity(),
    )
    say(
        f"Weights, run card and curve are in {run}. Measure them with: "
        f"kerasalign detector measure --weights {run / 'last.weights.h5'}"
    )


@_app.command("mine")
def mine_command(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Folder of photographs without faces.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the false detections.")],
    weights: DetectorWeights = None,
    crops: Annotated[int, typer.Option(help="Number of parts of each photograph to search.")] = 40,
    min_score: Annotated[float, typer.Option(help="Lowest score of a false detection.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Random seed of the parts.")] = 0,
) -> None:
    """Collect false detections on photographs without faces, as hard negatives for training."""
    start_backend()
    from kerasalign.detection.training.negatives import mine_negatives
    from kerasalign.inference import KerasAlignDetector

    # Detections of the network alone: training concerns the network, not the second look.
    finder = KerasAlignDetector(weights, min_score=min_score, second_look=False)
    count = mine_negatives(finder, photos, out, crops=crops, min_score=min_score, seed=seed)
    say(f"{count} false detections are in {out}.")


@_app.command("distractors")
def distractors_command(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures, such as that of `mine`.")],
    count: Annotated[int, typer.Option(help="Number of pictures.")] = 700,
    parts: Annotated[int, typer.Option(help="Number of hands, and of heads from behind, to render.")] = 90,
    backgrounds: Backgrounds = None,
    body: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of MakeHuman (base.obj, skins): arms, hands, legs in many poses, too."
        ),
    ] = None,
    size: Annotated[int, typer.Option(help="Width and height of a rendered part in pixels.")] = 160,
    seed: Annotated[int, typer.Option(help="Random seed of parts and pictures.")] = 0,
    head: Head = None,
    environments: Environments = None,
) -> None:
    """Render pictures of hands, bodies and heads from behind, as hard negatives for training."""
    from kerasalign.detection.training.distractors import write_distractors

    series = _head_series(seed, size, head, environments)
    written = write_distractors(series, count, out, backgrounds=backgrounds, body=body, parts=parts, seed=seed)
    say(f"{written} pictures are in {out}.")


@_app.command("measure")
def measure_command(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of a data set in its official layout.")
    ] = None,
    dataset: Annotated[str, typer.Option(help="Name of the data set.")] = "300w",
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    faceless: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of photographs without faces.")] = None,
    photos: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of whole photos with --faces.")] = None,
    faces: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="JSON file of the faces in --photos; can be repeated.")
    ] = None,
    faces_kind: Annotated[str, typer.Option(help="Kind of the boxes in --faces, such as landmarks.")] = "yunet",
    half: Annotated[str | None, typer.Option(help="Half of --photos: looking or kept; by default both.")] = None,
    pictures: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for misses and false boxes.")] = None,
    degrees: Annotated[
        list[float] | None, typer.Option(help="Rotation of the photos in degrees, clockwise; can be repeated.")
    ] = None,
    weights: DetectorWeights = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(help="kerasalign, mtcnn, yunet:FILE or mediapipe:FILE; can be repeated."),
    ] = None,
    size: Annotated[int, typer.Option(help="Largest size at which the detector searches.")] = 1024,
    min_score: Annotated[float | None, typer.Option(help="Lowest detection score of a face.")] = None,
    runtime: Annotated[str, typer.Option(help="Runtime of the network: keras, onnxruntime or litert.")] = "keras",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="JSON file of all numbers.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure detectors on annotated faces, on photos without faces, and on whole photos whose faces are listed."""
    if data is None and faceless is None and photos is None:
        raise typer.BadParameter("Give --data DIR, --faceless DIR or --photos DIR.")
    if (photos is None) != (not faces):
        raise typer.BadParameter("--photos DIR and --faces FILE go together.")
    from kerasalign.inference import KerasAlignDetector

    own: dict[str, Any] = {"size": size, "runtime": runtime} | ({} if min_score is None else {"min_score": min_score})
    finders = _detectors(detector or [KerasAlignDetector.name], weights, own)
    turns = degrees or [0.0]
    report: dict[str, Any] = {name: {} for name in finders}
    for name, finder in finders.items():
        report[name] |= _measure_faces(finder, data, dataset, split, faceless, turns[0])
    if photos is not None and faces:
        whole = _measure_photos(finders, photos, faces, faces_kind, half, turns, pictures)
        for name, rows in whole.items():
            report[name]["photos"] = rows
        if not as_json:
            from kerasalign.detection.training.findings import findings_tables

            for table in findings_tables(whole):
                print_table(table)
    if as_json or photos is None:
        print_json(report)
    if out is not None:
        write_json(out, report)


def _detectors(names: list[str], weights: Path | None, own: dict[str, Any]) -> dict[str, Any]:
    """The detectors of these names, the library's own one with options."""
    from kerasalign.detection import get_detector
    from kerasalign.inference import KerasAlignDetector

    if own["runtime"] == "keras" and KerasAlignDetector.name in names:
        start_backend()
    return {
        name.partition(":")[0]: KerasAlignDetector(weights, **own)
        if name == KerasAlignDetector.name
        else get_detector(name)
        for name in names
    }


def _measure_faces(finder, data, dataset: str, split: str, faceless, degrees: float) -> dict[str, Any]:
    from kerasalign.datasets import read_dataset
    from kerasalign.detection.training.measure import false_boxes, recall
    from kerasalign.support.images import list_images

    report = {}
    if data is not None:
        report["recall"] = recall(finder, read_dataset(dataset, data, split), degrees=degrees)
    if faceless is not None:
        report["false"] = false_boxes(finder, list_images(faceless, recursive=True))
    return report


def _measure_photos(
    finders: dict, photos: Path, faces: list[Path], kind: str, half: str | None, turns: list[float], pictures
) -> dict[str, list[dict[str, Any]]]:
    """Reports by detector and rotation."""
    from kerasalign.detection import box_map_of
    from kerasalign.detection.training.findings import FindingPictures
    from kerasalign.detection.training.whole_photos import measure_whole_photos, read_listed_photos

    listed, listed_map = read_listed_photos(photos, faces, half), box_map_of(kind)
    return {
        name: [
            measure_whole_photos(
                finder,
                listed,
                listed_map,
                degrees=degrees,
                report=None if pictures is None else FindingPictures(pictures / f"{name}-{degrees:g}", listed_map),
            )
            for degrees in track(turns, name, len(turns))
        ]
        for name, finder in finders.items()
    }


@_app.command("export")
def export_command(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The .onnx or .tflite file to write.")],
    weights: DetectorWeights = None,
    size: Annotated[int, typer.Option(help="Input size of a .tflite file.")] = 256,
) -> None:
    """Write the detector for ONNX Runtime or LiteRT; `KerasAlignDetector(FILE)` opens it."""
    start_backend()
    from kerasalign.detection.own.files import bundled_network, write_file
    from kerasalign.detection.own.network import FaceDetector
    from kerasalign.support.files import sha256

    weights = bundled_network().weights if weights is None else weights
    network = FaceDetector(dtype="float32")
    network.load_weights(weights)
    write_file(network, out, size, sha256(weights))
    say(f"Use it with: KerasAlignDetector({str(out)!r})")
