"""`kerasalign train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import say
from kerasalign.cli.data import key_values
from kerasalign.cli.options import complete_preset
from kerasalign.cli.own_training import find_markup, own_run

# Groups of options in the help.
_DATA, _TRAINING, _RUN = "Data", "Training, by default the recipe's settings", "Run"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("train")(train_command)


def train_command(
    name: Annotated[str, typer.Argument(help="Preset to train.", autocompletion=complete_preset)],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            help="Folder of its data set in the official layout; with --markup a file or folder of your annotations.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    markup: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Points of your own: a markup's .yaml or .json file, or its name. The preset's weights are the start.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR[,split=A+B][,KEY=VALUE]",
            help="Instead of --data, for several data sets at once: name, folder, splits and reader options of one.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    boxes: Annotated[
        str | None,
        typer.Option(
            help="Face boxes: dataset:KIND, detector:NAME, jittered:0.2, ...; by default as the crop is made for.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    render: Annotated[
        Path | None,
        typer.Option(
            metavar="HEAD",
            help="Instead of --data: render faces during training, from an ICT-FaceKit checkout.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    backgrounds: Annotated[
        Path | None, typer.Option(help="With --render: photographs without faces.", rich_help_panel=_DATA)
    ] = None,
    environments: Annotated[
        Path | None, typer.Option(help="With --render: environment maps.", rich_help_panel=_DATA)
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of the crops; by default RUN/cache.", rich_help_panel=_DATA)
    ] = None,
    augment: Annotated[
        str | None, typer.Option(help="Augmentation preset, such as musica-calm.", rich_help_panel=_DATA)
    ] = None,
    balance: Annotated[str | None, typer.Option(help="Balancing: gdb, pdb or none.", rich_help_panel=_DATA)] = None,
    validation: Annotated[
        int | None, typer.Option(help="Number of training faces held out for validation.", rich_help_panel=_DATA)
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out broken faces.", rich_help_panel=_DATA)
    ] = False,
    reader: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Option of the data set's reader, for example --reader stride=10.",
            rich_help_panel=_DATA,
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimizer steps.", rich_help_panel=_TRAINING)] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training faces, instead of --steps.", rich_help_panel=_TRAINING)
    ] = None,
    steps_per_epoch: Annotated[
        int | None, typer.Option(help="Steps between checkpoints.", rich_help_panel=_TRAINING)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Faces per step.", rich_help_panel=_TRAINING)] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Initial learning rate.", rich_help_panel=_TRAINING)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Learning-rate schedule of the recipe, such as cosine.", rich_help_panel=_TRAINING),
    ] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or mixed_bfloat16.", rich_help_panel=_TRAINING)] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed of weights, order and augmentation.", rich_help_panel=_TRAINING)
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change an argument of the network, for example --set global_attention=gcn.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe",
            metavar="KEY=VALUE",
            help="Change any other setting of the recipe, for example --recipe ema_decay=null.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    init: Annotated[Path | None, typer.Option(exists=True, help="Initial weights file.", rich_help_panel=_RUN)] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; by default runs/NAME.", rich_help_panel=_RUN)
    ] = None,
    resume: Annotated[bool, typer.Option(help="Continue the run in the folder.", rich_help_panel=_RUN)] = True,
    workers: Annotated[
        int, typer.Option(help="Number of batches prepared at the same time.", rich_help_panel=_RUN)
    ] = 1,
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="all|N",
            help="Share each batch among all GPUs (or CPU devices), or N of them; a run may go on with another number.",
            rich_help_panel=_RUN,
        ),
    ] = None,
) -> None:
    """Train a preset. Run the same command again to continue a stopped run.

    Without options the training follows the preset's paper, on all but 100 faces that choose the epoch: --validation 0
    trains on all. For 300W, --reader drop_duplicates=false keeps three photos that are test photos too.
    """
    from kerasalign.hub import get_recipe

    if (data is not None) + (render is not None) + bool(source) != 1:
        raise typer.BadParameter("Give --data DIR, or --source, or --render HEAD to render faces during training.")
    _check_source(
        render is not None,
        {
            "--cache": cache,
            "--balance": balance,
            "--boxes": boxes,
            "--skip-broken": skip_broken,
            "--reader": reader,
        },
        {"--backgrounds": backgrounds, "--environments": environments},
    )
    start_backend()
    from kerasalign.training import FaceSource

    recipe = get_recipe(name)
    options = {
        "boxes": boxes,
        "steps": steps,
        "epochs": epochs,
        "steps_per_epoch": steps_per_epoch,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "validation": validation,
        "precision": precision,
        "seed": seed,
        "augment": augment,
        "balance": balance,
    }
    given = {key: value for key, value in options.items() if value is not None}
    if reader:
        given["reader_options"] = {**recipe.reader_options, **key_values(reader, "--reader")}
    recipe = changed(recipe, key_values(change, "--set"), given, key_values(settings, "--recipe"))
    run = run or Path("runs") / name
    sources = [FaceSource.parse(text) for text in source] if source else None
    if markup is not None:
        if data is None:
            raise typer.BadParameter("--markup needs --data, a file or folder of your annotations.")
        own = own_run(name, recipe, find_markup(markup), data, key_values(reader, "--reader"), run, init)
        recipe, sources, init = own.recipe, own.sources, own.weights
    # A progress bar on a terminal, one line per epoch in a log.
    verbose = 1 if sys.stdout.isatty() else 2
    distribution = int(devices) if devices is not None and devices.isdecimal() else devices
    if render is not None:
        from kerasalign.training.streaming import fit_stream

        series = _series(render, backgrounds, environments, recipe.seed)
        fit_stream(
            recipe,
            series,
            run,
            initial_weights=init,
            resume=resume,
            verbose=verbose,
            threads=max(2, workers),
            distribution=distribution,
        )
    else:
        from kerasalign.detection import get_detector

        kind, _, finder = (recipe.boxes or "").partition(":")
        finder = finder if kind == "detector" else ""
        recipe.fit(
            sources or cast(Path, data),
            run,
            detector=get_detector(finder) if finder else None,
            cache_dir=cache,
            initial_weights=init,
            resume=resume,
            on_error="skip" if skip_broken else "raise",
            workers=workers,
            verbose=verbose,
            distribution=distribution,
        )
    # No epoch is the best where the watched number was never finite.
    best = next((run / name for name in ("best.weights.h5", "last.weights.h5") if (run / name).is_file()), run)
    say(f"Weights, run card and curve are in {run}. Use them with: kerasalign.load({name!r}, weights={str(best)!r})")


def changed(recipe, network: dict, options: dict, settings: dict):
    """A recipe with fields of its network, settings from options of their own, and others from `--recipe` changed.

    Raises:
        ValueError: If a field or setting is unknown, or given twice.
    """
    twice = sorted(set(options) & set(settings))
    if twice or "model" in settings:
        raise ValueError(f"`--recipe` takes what has no option of its own. Received: {twice or ['model']}")
    return recipe.with_settings(model=recipe.model.replace(**network), **options, **settings)


def _check_source(rendered: bool, of_folders: dict, of_renders: dict) -> None:
    """Raises if an option was given that has no effect with the chosen source of faces."""
    source, others = ("--render", of_folders) if rendered else ("--data", of_renders)
    given = [option for option, value in others.items() if value]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} cannot be used with {source}.")


def _series(head: Path, backgrounds: Path | None, environments: Path | None, seed: int):
    """The series of pictures that `--render` renders."""
    from kerasalign.synth.dataset.series import Series
    from kerasalign.synth.rendering.scene_config import SceneConfig

    scene = SceneConfig(
        backgrounds=backgrounds and str(backgrounds), environment_maps=environments and str(environments)
    )
    return Series(seed=seed, head=str(head), scene=scene)
