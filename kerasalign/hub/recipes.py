"""How the models of each paper are trained and evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasalign.hub.manifest import read_manifest
from kerasalign.models import get_paper, read_config

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe

__all__ = ["get_recipe"]


def get_recipe(name: str) -> Recipe:
    """The recipe of a preset, with its data set and architecture.

    Args:
        name: Name of a preset.

    Returns:
        A recipe with `fit(data_dir, run_dir)`; change settings with `with_settings`.

    Raises:
        UnknownPreset: If no preset has that name.
        ValueError: If the preset has no recipe.
    """
    preset = read_manifest()[name]
    if not preset.recipe:
        raise ValueError(f"Preset '{name}' has no recipe: {preset.notes} Received: name={name!r}")
    paper = get_paper(preset.paper)
    architecture = {key: value for key, value in preset.architecture.items() if key not in paper.learned}
    model = read_config(architecture)
    return paper.recipe_class()(model, dataset=preset.dataset, nme_normaliser=_paper_normaliser(preset))


def _paper_normaliser(preset) -> str:
    """The normaliser that the preset's paper reports with."""
    from kerasalign.metrics import get_protocol

    results = preset.paper_results
    return get_protocol(results[0].protocol).normaliser if results else "inter_ocular"
