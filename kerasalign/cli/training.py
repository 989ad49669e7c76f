"""`kerasalign train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import say
from kerasalign.cli.data import ReaderOptions, key_values


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("train")(train_command)


def train_command(
    name: Annotated[str, typer.Argument(help="Preset to train.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of its data set in the official layout.")
    ] = None,
    render: Annotated[
        Path | None,
        typer.Option(metavar="HEAD", help="Instead: render faces meanwhile, from an ICT-FaceKit checkout."),
    ] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="With --render: photographs without faces.")] = None,
    environments: Annotated[Path | None, typer.Option(help="With --render: environment maps.")] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run; by default runs/NAME.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of the crops; by default RUN/cache.")] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps; by default the recipe's.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training faces, instead of steps.")] = None,
    steps_per_epoch: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Faces per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Initial learning rate.")] = None,
    augment: Annotated[str | None, typer.Option(help="Name of an augmentation preset, such as musica-calm.")] = None,
    balance: Annotated[str | None, typer.Option(help="gdb, pdb or none.")] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the network, as in --set global_attention=gcn."),
    ] = None,
    init: Annotated[Path | None, typer.Option(help="Weights file to start from.")] = None,
    schedule: Annotated[str | None, typer.Option(help="One of the recipe's schedules, such as cosine.")] = None,
    validation: Annotated[int | None, typer.Option(help="Training faces held out to watch the NME.")] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or mixed_bfloat16.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    workers: Annotated[int, typer.Option(help="Batches that are made at the same time.")] = 1,
    resume: Annotated[bool, typer.Option(help="Go on with a run that is in the folder.")] = True,
    skip_broken: Annotated[bool, typer.Option("--skip-broken", help="Leave broken faces out.")] = False,
    reader: ReaderOptions = None,
) -> None:
    """Train a preset. A run that was stopped goes on with the same command; without options it is the paper's."""
    from kerasalign.recipes import get_recipe

    if (data is None) == (render is None):
        raise typer.BadParameter("Give --data DIR, or --render HEAD to train on faces that are rendered meanwhile.")
    _check_source(
        render is not None,
        {"--cache": cache, "--balance": balance, "--skip-broken": skip_broken, "--reader": reader},
        {"--backgrounds": backgrounds, "--environments": environments},
    )
    start_backend()
    recipe = get_recipe(name)
    recipe = recipe.with_settings(
        model=recipe.model | _changes(change or [], recipe.model),
        steps=steps,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule,
        validation=validation,
        precision=precision,
        seed=seed,
        augment=augment,
        balance=balance,
        reader_options=key_values(reader, "--reader"),
    )
    run = run or Path("runs") / name
    # A bar on a terminal, a line per epoch in a log.
    verbose = 1 if sys.stdout.isatty() else 2
    if render is not None:
        from kerasalign.recipes.streaming import fit_stream

        series = _series(render, backgrounds, environments, recipe.seed)
        fit_stream(recipe, series, run, initial_weights=init, resume=resume, verbose=verbose, threads=max(2, workers))
    else:
        recipe.fit(
            data,
            run,
            cache_dir=cache,
            initial_weights=init,
            resume=resume,
            on_error="skip" if skip_broken else "raise",
            workers=workers,
            verbose=verbose,
        )
    best = run / "best.weights.h5"
    say(f"Weights, run card and curve are in {run}. Use them with: kerasalign.load({name!r}, weights={str(best)!r})")


def _check_source(rendered: bool, of_folders: dict, of_renders: dict) -> None:
    """Raises if an option was given that has no effect: of data sets' folders while rendering, or the other way."""
    source, others = ("--render", of_folders) if rendered else ("--data", of_renders)
    given = [option for option, value in others.items() if value]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} cannot be used with {source}.")


def _series(head: Path, backgrounds: Path | None, environments: Path | None, seed: int):
    """What to render while training."""
    from kerasalign.synth.dataset.series import Series
    from kerasalign.synth.rendering.scene_config import SceneConfig

    scene = SceneConfig(
        backgrounds=backgrounds and str(backgrounds), environment_maps=environments and str(environments)
    )
    return Series(seed=seed, head=str(head), scene=scene)


def _changes(pairs: list[str], model: dict) -> dict:
    """`KEY=JSON` options as constructor arguments of the network."""
    changes = key_values(pairs, "--set")
    if "class" in changes:
        raise ValueError(f"`--set` takes arguments of {model['class']}. Received: --set class={changes['class']}")
    return changes
