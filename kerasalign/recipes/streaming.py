"""Training on faces that are rendered meanwhile."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import keras
import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.loader import FaceLoader
from kerasalign.models import LandmarkModel, build
from kerasalign.recipes.recipe import Recipe
from kerasalign.training.run import check_resume

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series

#: Pictures whose landmarks decide a mean shape or a graph, and the number of the first held-out one.
SURVEYED, HELD_OUT = 2000, 10_000_000


def fit_stream(
    recipe: Recipe,
    series: Series,
    run_dir,
    *,
    repeats: int = 4,
    surveyed: int = SURVEYED,
    initial_weights=None,
    resume: bool = True,
    verbose="auto",
    callbacks=(),
    threads: int = 2,
) -> LandmarkModel:
    """Trains a recipe's network on a series of renders, without a folder of them.

    What a paper learns from its training faces (mean shape, graph) is learned from the landmarks of the first
    pictures; `recipe.balance` has nothing to balance and is ignored, `recipe.validation` faces far down the series are
    rendered once to watch the NME.

    Args:
        recipe: The recipe, by steps.
        series: What to render.
        run_dir: As in `Recipe.fit`; a run that is there goes on with the same pictures.
        repeats: How often each picture is seen, augmented anew.
        surveyed: Pictures to learn mean shape or graph from.
        initial_weights: As in `Recipe.fit`.
        resume: As in `Recipe.fit`.
        verbose: As in `keras.Model.fit`.
        callbacks: Further Keras callbacks.
        threads: Threads that render.

    Returns:
        The trained model, as `Recipe.fit` gives it.

    Raises:
        ValueError: If the recipe counts in passes over a set, or the folder holds a run with other settings.

    Example:
        recipe = get_recipe("musica19-synth").with_settings(steps=6000)
        model = fit_stream(recipe, Series(seed=1, head="ICT-FaceKit"), "runs/stream")
    """
    from kerasalign.synth.dataset.stream import Studio, SynthStream

    if recipe.epochs is not None:
        raise ValueError(f"A stream has no end to pass: give `steps`. Received: epochs={recipe.epochs!r}")
    check_resume(run_dir, resume)
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe.model)
    studio = Studio(series, network.crop_spec, network.markup.name)
    faces = studio.unrendered(range(surveyed))
    model = recipe.build_model(faces, np.arange(surveyed))
    loader = SynthStream(
        studio,
        AugmentConfig.preset(recipe.augment),
        recipe.batch_size,
        recipe.steps_per_epoch,
        repeats,
        recipe.seed,
        threads=threads,
    )
    validation = None
    if recipe.validation:
        held_out = studio.rendered(range(HELD_OUT, HELD_OUT + recipe.validation))
        validation = FaceLoader.evaluation(held_out, network.crop_spec, batch_size=min(recipe.batch_size, 64))
    card = series.card()
    settings = {
        "data_hash": hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest(),
        "series": card,
        "repeats": repeats,
        "surveyed": surveyed,
        "held_out": recipe.validation,
    }
    return recipe.run(
        model,
        loader,
        validation,
        run_dir,
        settings,
        {},
        initial_weights=initial_weights,
        verbose=verbose,
        callbacks=callbacks,
    )
