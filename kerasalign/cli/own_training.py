"""`kerasalign train --markup`: on points of the user's own, from what a preset knows of its own points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kerasalign.markups import Markup
    from kerasalign.training import FaceSource, Recipe

# The weights that such a run starts from, in its folder.
START = "start.weights.h5"


@dataclass(frozen=True)
class OwnRun:
    """What a run on own points is made of: its recipe, its data, and the weights that it starts from."""

    recipe: Recipe
    sources: list[FaceSource]
    weights: Path | None


def find_markup(text: str) -> Markup:
    """A markup from a file, or one that is registered.

    Raises:
        ValueError: If it is neither, or the file is wrong.
    """
    from kerasalign.markups import get_markup, load_markup, register_markup

    path = Path(text).expanduser()
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        return register_markup(load_markup(path))
    return get_markup(text)


def own_run(
    name: str, recipe: Recipe, markup: Markup, data: Path, options: dict[str, Any], run: Path, init: Path | None
) -> OwnRun:
    """Prepares a run on a user's own points.

    The network starts from the preset's weights where it has any, each new point from the old ones near it.

    Args:
        name: The preset.
        recipe: Its recipe.
        markup: The points.
        data: File or folder of annotations.
        options: Options of their reader.
        run: Folder of the run.
        init: Weights of a network of these points to start from instead.

    Raises:
        ValueError: If the annotations are not recognized, or have other points.
    """
    from kerasalign.core.adaptation import adapt
    from kerasalign.datasets.check import recognize_dataset
    from kerasalign.hub import load, resolve
    from kerasalign.training import FaceSource, read_faces, save_weights

    dataset = recognize_dataset(data)
    split = "train" if "train" in dataset.splits_of(data) else "all"
    faces = read_faces(dataset.name, data, split, markup.name, options=options)
    landmarks = np.array([face.landmarks for face in faces])
    normalizer = recipe.nme_normalizer if recipe.nme_normalizer in markup.eyes else next(iter(markup.eyes), "box_size")
    settings: dict[str, Any] = {
        "dataset": dataset.name,
        "split": split,
        "reader_options": options,
        "nme_normalizer": normalizer,
    }
    sources = [FaceSource(dataset.name, data, (split,), options)]
    if init is not None or not resolve(name).available:
        model = recipe.model.for_markup(markup, landmarks)
        return OwnRun(recipe.with_settings(model=model, **settings), sources, init)
    own = adapt(load(name), markup, landmarks)
    start = run / START
    if not start.is_file():
        start.parent.mkdir(parents=True, exist_ok=True)
        save_weights(own, start)
    # The training faces decide nothing of it any more: its weights fit this mean shape and this graph.
    model = own.config.replace(dtype=recipe.model.dtype)
    return OwnRun(recipe.with_settings(model=model, learn=False, **settings), sources, start)
