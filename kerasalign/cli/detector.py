"""`kerasalign detector heads|train|mine|measure|export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, say

_app = typer.Typer(no_args_is_help=True, help="Make the face detector: heads, training, hard negatives, measurement.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(_app, name="detector")


@_app.command("heads")
def heads_command(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the cut-out heads.")],
    count: Annotated[int, typer.Option(help="Heads that the folder shall hold.")] = 3000,
    size: Annotated[int, typer.Option(help="Side of a cut-out in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Seed of the series.")] = 0,
    head: Annotated[
        Path | None, typer.Option(help="ICT-FaceKit checkout or its compact .npz; by default a head of our own.")
    ] = None,
    environments: Annotated[Path | None, typer.Option(help="Environment maps: .npz, or a folder of .hdr.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = 1,
) -> None:
    """Render heads without backgrounds. The same command goes on after an interruption."""
    from dataclasses import replace

    from kerasalign.detector.pool import pool_scene, write_pool
    from kerasalign.synth.dataset.series import Series

    scene = replace(pool_scene(), environment_maps=environments and str(environments))
    made = write_pool(Series(seed=seed, size=size, head=head and str(head), scene=scene), count, out, workers)
    say(f"{made} heads made, {count} in {out}; train with: kerasalign detector train --heads {out}")


@_app.command("train")
def train_command(
    heads: Annotated[Path, typer.Option(metavar="DIR", help="Folder of cut-out heads.")],
    run: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("runs/detector"),
    backgrounds: Annotated[Path | None, typer.Option(help="Photographs without faces.")] = None,
    negatives: Annotated[Path | None, typer.Option(help="Folder that `detector mine` made.")] = None,
    init: Annotated[Path | None, typer.Option(help="Weights file to start from.")] = None,
    steps: Annotated[int, typer.Option(help="Optimiser steps.")] = 6000,
    batch_size: Annotated[int, typer.Option(help="Scenes per step.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-3,
    size: Annotated[int, typer.Option(help="Side of the scenes in pixels.")] = 256,
    steps_per_epoch: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 200,
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    seed: Annotated[int, typer.Option(help="Seed of weights and scenes.")] = 0,
    processes: Annotated[int, typer.Option(help="Processes that compose scenes.")] = 1,
) -> None:
    """Train on crowds of rendered heads. A run that was stopped goes on with the same command."""
    start_backend()
    from kerasalign.detector.crowd import CrowdConfig
    from kerasalign.detector.recipe import DetectorRecipe

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
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Photographs without faces.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of what was taken for faces.")],
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own.")] = None,
    crops: Annotated[int, typer.Option(help="Parts of every photograph to look at.")] = 40,
    min_score: Annotated[float, typer.Option(help="Least score of what counts as a find.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of the parts.")] = 0,
) -> None:
    """Keep the parts of faceless photographs where the detector finds faces, to train on them."""
    start_backend()
    from kerasalign.detector.negatives import mine_negatives
    from kerasalign.inference import KerasAlignDetector

    # What the network takes for a face at first sight: the second look is not trained apart.
    finder = KerasAlignDetector(weights, min_score=min_score, second_look=False)
    made = mine_negatives(finder, photos, out, crops=crops, min_score=min_score, seed=seed)
    say(f"{made} parts were taken for faces; they are in {out}.")


@_app.command("measure")
def measure_command(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Annotated faces in an official layout.")] = None,
    dataset: Annotated[str, typer.Option(help="Name of that data set.")] = "300w",
    split: Annotated[str, typer.Option(help="Its split.")] = "test",
    degrees: Annotated[float, typer.Option(help="Turn every annotated photo by so much, clockwise.")] = 0.0,
    faceless: Annotated[Path | None, typer.Option(metavar="DIR", help="Photographs without faces.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own.")] = None,
    detector: Annotated[str, typer.Option(help="kerasalign, or another detector to compare with.")] = "kerasalign",
    size: Annotated[int, typer.Option(help="Side that photos are searched at.")] = 256,
    min_score: Annotated[float, typer.Option(help="Lowest score of a face.")] = 0.47,
    runtime: Annotated[str, typer.Option(help="What weights run in: keras, onnxruntime or litert.")] = "keras",
) -> None:
    """Recall and box error on annotated faces, and false boxes on photographs without any, as JSON."""
    if data is None and faceless is None:
        raise typer.BadParameter("Give --data DIR, --faceless DIR or both.")
    start_backend()
    from kerasalign.data.images import list_images
    from kerasalign.datasets import read_dataset
    from kerasalign.detector.measure import false_boxes, recall
    from kerasalign.inference import KerasAlignDetector, get_detector

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
    out: Annotated[Path, typer.Option(metavar="FILE", help="The .onnx or .tflite file.")],
    weights: Annotated[Path | None, typer.Option(help="Weights file; by default the library's own.")] = None,
    size: Annotated[int, typer.Option(help="Side of the pictures that a .tflite file takes.")] = 256,
) -> None:
    """Write the detector for ONNX Runtime or LiteRT; KerasAlignDetector(FILE) opens it."""
    start_backend()
    from kerasalign.detector.network import FaceDetector
    from kerasalign.files import sha256
    from kerasalign.inference.detectors.networks import bundled_weights, write_file

    weights = bundled_weights() if weights is None else weights
    network = FaceDetector(dtype="float32")
    network.load_weights(weights)
    write_file(network, out, size, sha256(weights))
    say(f"Use it with: KerasAlignDetector({str(out)!r})")
