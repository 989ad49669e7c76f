"""`kerasalign detector heads|train|mine|measure|export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, say
from kerasalign.cli.options import Environments, Head

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
    from dataclasses import replace

    from kerasalign.detection.training.pool import pool_scene, write_pool
    from kerasalign.synth.dataset.series import Series

    scene = replace(pool_scene(), environment_maps=environments and str(environments))
    rendered = write_pool(Series(seed=seed, size=size, head=head and str(head), scene=scene), count, out, workers)
    say(f"{rendered} heads rendered, {count} in {out}; train with: kerasalign detector train --heads {out}")


@_app.command("train")
def train_command(
    heads: Annotated[Path, typer.Option(metavar="DIR", help="Folder of cut-out heads.")],
    run: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("runs/detector"),
    backgrounds: Annotated[Path | None, typer.Option(help="Folder of photographs without faces.")] = None,
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
        verbose=1 if sys.stdout.isatty() else 2,
    )
    say(
        f"Weights, run card and curve are in {run}. Measure them with: "
        f"kerasalign detector measure --weights {run / 'last.weights.h5'}"
    )


@_app.command("mine")
def mine_command(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Folder of photographs without faces.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the false detections.")],
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own weights.")] = None,
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


@_app.command("measure")
def measure_command(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of a data set in its official layout.")
    ] = None,
    dataset: Annotated[str, typer.Option(help="Name of the data set.")] = "300w",
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    degrees: Annotated[float, typer.Option(help="Rotation of the annotated photos in degrees, clockwise.")] = 0.0,
    faceless: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of photographs without faces.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own weights.")] = None,
    detector: Annotated[str, typer.Option(help="Detector to measure: kerasalign or mtcnn.")] = "kerasalign",
    size: Annotated[int, typer.Option(help="Size at which the detector searches.")] = 256,
    min_score: Annotated[float, typer.Option(help="Lowest detection score of a face.")] = 0.47,
    runtime: Annotated[str, typer.Option(help="Runtime of the network: keras, onnxruntime or litert.")] = "keras",
) -> None:
    """Print recall and box error on annotated faces, and false detections on photographs without faces, as JSON."""
    if data is None and faceless is None:
        raise typer.BadParameter("Give --data DIR, --faceless DIR or both.")
    start_backend()
    from kerasalign.datasets import read_dataset
    from kerasalign.detection.training.measure import false_boxes, recall
    from kerasalign.inference import KerasAlignDetector, get_detector
    from kerasalign.support.images import list_images

    own = detector == KerasAlignDetector.name
    finder = KerasAlignDetector(weights, size, min_score, runtime=runtime) if own else get_detector(detector)
    report = {}
    if data is not None:
        report["recall"] = recall(finder, read_dataset(dataset, data, split), degrees=degrees)
    if faceless is not None:
        report["false"] = false_boxes(finder, list_images(faceless, recursive=True))
    print_json(report)


@_app.command("export")
def export_command(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The .onnx or .tflite file to write.")],
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own weights.")] = None,
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
