"""Training on faces that are rendered at the same time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.loader import FaceLoader
from kerasalign.data.reach import reach
from kerasalign.training.devices import training_devices
from kerasalign.training.network import train_network
from kerasalign.training.recipe import Recipe
from kerasalign.training.run_folder import check_resume

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series

#: Pictures whose landmarks decide a mean shape or a graph, and the number of the first held-out picture.
SURVEYED, HELD_OUT = 2000, 10_000_000


def fit_stream(
    recipe: Recipe,
    series: Series,
    run_dir: str | Path,
    *,
    repeats: int = 4,
    surveyed: int = SURVEYED,
    initial_weights: str | Path | None = None,
    resume: bool = True,
    verbose: str | int = "auto",
    callbacks: Iterable[keras.callbacks.Callback] = (),
    threads: int = 2,
    distribution: Any = None,
) -> LandmarkModel:
    """Trains the network of a recipe on a series of renders, without a folder of pictures.

    What a paper learns from its training faces, such as a mean shape or a graph, is learned from the landmarks of the
    first pictures. A stream has nothing to balance: `recipe.balance` is ignored. `recipe.validation` faces, far down
    the series, are rendered once and held out to watch the NME.

    Args:
        recipe: A recipe whose length is given in steps.
        series: What to render.
        run_dir: As in `Recipe.fit`. A run that is in the folder goes on with the same pictures.
        repeats: How often each picture is used, each time with another augmentation.
        surveyed: Pictures to learn mean shape or graph from.
        initial_weights: As in `Recipe.fit`.
        resume: As in `Recipe.fit`.
        verbose: As in `keras.Model.fit`.
        callbacks: Further Keras callbacks.
        threads: Threads that render.
        distribution: As in `Recipe.fit`.

    Returns:
        The trained model, as in `Recipe.fit`.

    Raises:
        ValueError: If the length of the recipe is given in epochs, the folder holds a run with other settings, or the
            devices cannot share a batch.

    Example:

        recipe = get_recipe("musica19-synth").with_settings(steps=6000)
        model = fit_stream(recipe, Series(seed=1, head="ICT-FaceKit"), "runs/stream")
    """
    from kerasalign.synth.dataset.stream import Studio, SynthStream

    if recipe.epochs is not None:
        raise ValueError(f"A stream has no end to pass: give `steps`. Received: epochs={recipe.epochs!r}")
    devices = training_devices(distribution, recipe.batch_size)
    check_resume(run_dir, resume)
    recipe = recipe.resolved()
    crop, augment = recipe.model.crop, AugmentConfig.preset(recipe.augment)
    studio = Studio(series, crop, recipe.markup.name, recipe.margin or reach(augment, crop))
    config = recipe.network_config(studio.unrendered(range(surveyed)), np.arange(surveyed))
    loader = SynthStream(
        studio, augment, recipe.batch_size, recipe.steps_per_epoch, repeats, recipe.seed, threads=threads
    )

    def held_out() -> keras.utils.PyDataset:
        faces = studio.rendered(range(HELD_OUT, HELD_OUT + recipe.validation))
        return FaceLoader.evaluation(faces, crop, batch_size=min(recipe.batch_size, 64))

    card = series.card()
    facts = {
        "data_hash": hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest(),
        "series": card,
        "repeats": repeats,
        "surveyed": surveyed,
        "held_out": recipe.validation,
    }
    return train_network(
        recipe,
        config,
        loader,
        held_out if recipe.validation else None,
        run_dir,
        devices,
        facts,
        initial_weights=initial_weights,
        verbose=verbose,
        callbacks=callbacks,
    )
