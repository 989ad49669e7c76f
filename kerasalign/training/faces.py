"""Training faces of a recipe: the crop cache and the loader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.boxes import TRAINING_BOX, BoxDetector, boxed_samples
from kerasalign.data.cache import CropCache
from kerasalign.data.cache_build import build_cache
from kerasalign.data.loader import FaceLoader
from kerasalign.data.reach import reach
from kerasalign.metrics.box_source import BoxSource
from kerasalign.training.sources import FaceSource, read_sources, sources_of

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


def crop_cache(
    recipe: Recipe,
    data: str | Path | Sequence[FaceSource],
    directory: str | Path,
    on_error: Literal["raise", "skip"] = "raise",
    overwrite: bool = False,
    detector: BoxDetector | None = None,
) -> CropCache:
    """Opens the crop cache of a recipe's training faces, or creates it.

    Args:
        recipe: A recipe, which names the data set, the boxes, the network and its augmentation.
        data: Folder of the recipe's data set in its official layout, or several `FaceSource`s.
        directory: Folder of the cache.
        on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
        overwrite: Whether a cache of other faces, boxes or margins in the folder is replaced.
        detector: The detector of `boxes="detector:NAME"`.

    Raises:
        ValueError: If the folder holds a cache that was made otherwise, or a face has no such box.
    """
    recipe = recipe.resolved()
    samples = read_sources(sources_of(recipe, data), recipe.markup.name, on_error)
    box = None
    if recipe.boxes is not None:
        samples = boxed_samples(samples, BoxSource.parse(recipe.boxes), detector, recipe.model.crop.box)
        box = TRAINING_BOX
    margin = recipe.margin or reach(AugmentConfig.preset(recipe.augment), recipe.model.crop)
    return build_cache(
        samples, recipe.model.crop, directory, margin=margin, box=box, on_error=on_error, overwrite=overwrite
    )


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
