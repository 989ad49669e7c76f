"""Training of a recipe's network, from whichever faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from kerasalign.core.config import ModelConfig
from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.data.epochs import EpochDataset
from kerasalign.training.devices import Devices
from kerasalign.training.loop import train

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


def train_network(
    recipe: Recipe,
    config: ModelConfig,
    loader: EpochDataset,
    validation: Callable[[], keras.utils.PyDataset] | None,
    run_dir: str | Path,
    devices: Devices,
    facts: Mapping[str, Any],
    **options: Any,
) -> LandmarkModel:
    """Builds the network of a recipe and trains it, on one device or several.

    Args:
        recipe: A recipe whose length is in steps; see `Recipe.in_steps`.
        config: The network, from `Recipe.network_config`.
        loader: Training batches.
        validation: Makes the loader of held-out faces; `None`: no validation.
        run_dir: As in `Recipe.fit`.
        devices: Where it is trained.
        facts: What the run card says of the faces, besides the settings of the recipe.
        **options: As in `train`.

    Returns:
        The trained model, as in `Recipe.fit`.

    Raises:
        ValueError: As `train`.
    """
    keras.utils.set_random_seed(recipe.seed)
    with devices.scope():
        model = train(
            devices.synchronized(config.build()),
            loader,
            None if validation is None else lambda: devices.whole_batches(validation()),
            run_dir,
            recipe=recipe.paper,
            settings={**recipe.to_json(), **facts},
            optimizer=recipe.optimizer(),
            steps=recipe.steps,
            nme_normalizer=recipe.nme_normalizer,
            **options,
        )
    return devices.detached(model)
