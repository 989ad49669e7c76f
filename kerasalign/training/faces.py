"""Training faces of a recipe: the crop cache and the loader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.cache import CropCache
from kerasalign.data.cache_build import build_cache
from kerasalign.data.loader import FaceLoader
from kerasalign.training.reading import read_faces

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


def crop_cache(
    recipe: Recipe,
    data_dir: str | Path,
    split: str,
    directory: str | Path,
    on_error: Literal["raise", "skip"] = "raise",
) -> CropCache:
    """Opens the crop cache of a split, or creates it.

    Args:
        recipe: A recipe, which names the data set and the network.
        data_dir: Folder of the data set in its official layout.
        split: A split of the data set, such as `"train"`.
        directory: Folder of the cache.
        on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
    """
    samples = read_faces(recipe.dataset, data_dir, split, recipe.markup.name, on_error, recipe.reader_options)
    return build_cache(samples, recipe.model.crop, directory, on_error=on_error)


def face_loader(recipe: Recipe, cache: CropCache, train: np.ndarray, workers: int = 1) -> FaceLoader:
    """Makes the loader of the training faces, with the augmentation and balancing of the recipe.

    Args:
        recipe: A recipe whose length is in steps; see `Recipe.in_steps`.
        cache: Crops of the data set.
        train: Indices of the training faces.
        workers: Batches that are made at the same time.
    """
    return FaceLoader(
        cache,
        recipe.model.crop,
        augment=AugmentConfig.preset(recipe.augment),
        batch_size=recipe.batch_size,
        steps_per_epoch=recipe.steps_per_epoch,
        indices=train,
        weights=recipe.draw_weights(cache, train),
        repeats=recipe.copies(cache, train),
        seed=recipe.seed,
        workers=workers,
    )
