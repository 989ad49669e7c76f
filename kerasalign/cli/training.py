"""`kerasalign train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import fit_verbosity, say
from kerasalign.cli.groups import grouped
from kerasalign.cli.options import complete_preset
from kerasalign.cli.own_training import find_markup, own_run
from kerasalign.cli.recipes import key_values, with_options
from kerasalign.cli.train_options import DataOptions, RunOptions, TrainingOptions

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series
    from kerasalign.training import FaceSource, Recipe


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("train")(grouped(train_command))


def train_command(
    name: Annotated[str, typer.Argument(help="Preset to train.", autocompletion=complete_preset)],
    data: DataOptions,
    training: TrainingOptions,
    running: RunOptions,
) -> None:
    """Train a preset. Run the same command again to continue a stopped run.

    Without options the training follows the preset's paper, on all but 100 faces that choose the epoch: --validation 0
    trains on all. For 300W, --reader drop_duplicates=false keeps three photos that are test photos too.
    """
    from kerasalign.hub import get_recipe

    data.check()
    start_backend()
    from kerasalign.training import FaceSource

    recipe = with_options(
        get_recipe(name),
        training.change,
        training.settings,
        data.reader,
        **training.own_settings(),
        **data.own_settings(),
    )
    run, weights = running.run or Path("runs") / name, running.init
    sources = [FaceSource.parse(text) for text in data.source] if data.source else None
    if data.markup is not None:
        if data.data is None:
            raise typer.BadParameter("--markup needs --data, a file or folder of your annotations.")
        reader = key_values(data.reader, "--reader")
        own = own_run(name, recipe, find_markup(data.markup), data.data, reader, run, weights)
        recipe, sources, weights = own.recipe, own.sources, own.weights
    devices = running.devices
    _fit(
        recipe,
        data,
        sources,
        run,
        running.workers,
        initial_weights=weights,
        resume=running.resume,
        verbose=fit_verbosity(),
        distribution=int(devices) if devices is not None and devices.isdecimal() else devices,
    )
    # No epoch is the best where the watched number was never finite.
    best = next((run / name for name in ("best.weights.h5", "last.weights.h5") if (run / name).is_file()), run)
    say(f"Weights, run card and curve are in {run}. Use them with: kerasalign.load({name!r}, weights={str(best)!r})")


def _fit(
    recipe: Recipe, data: DataOptions, sources: list[FaceSource] | None, run: Path, workers: int, **options: Any
) -> None:
    """Trains on renders, on several sources or on a folder, with the options that all three have."""
    if data.render is not None:
        from kerasalign.training.streaming import fit_stream

        fit_stream(recipe, _series(data, recipe.seed), run, threads=max(2, workers), **options)
        return
    from kerasalign.detection import get_detector

    kind, _, finder = (recipe.boxes or "").partition(":")
    recipe.fit(
        sources or cast(Path, data.data),
        run,
        detector=get_detector(finder) if kind == "detector" and finder else None,
        cache_dir=data.cache,
        on_error="skip" if data.skip_broken else "raise",
        workers=workers,
        **options,
    )


def _series(data: DataOptions, seed: int) -> Series:
    """The series of pictures that `--render` renders."""
    from kerasalign.synth.dataset.series import Series
    from kerasalign.synth.rendering.scene_config import SceneConfig

    backgrounds, environments = (path and str(path) for path in (data.backgrounds, data.environments))
    return Series(
        seed=seed, head=str(data.render), scene=SceneConfig(backgrounds=backgrounds, environment_maps=environments)
    )
