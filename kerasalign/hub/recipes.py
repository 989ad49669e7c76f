"""The training recipe of a preset."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kerasalign.hub.catalog import read_manifest
from kerasalign.hub.preset import Preset

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe

# The module and class of each paper's recipe; a class loads Keras, so it is imported when it is asked for.
_RECIPES = {
    "aan": ("aan", "AANRecipe"),
    "lwbafa": ("lw_bafa", "LWBAFARecipe"),
    "musica": ("musica", "MuSiCaRecipe"),
    "scc": ("scc", "SCCRecipe"),
    "sdu": ("sdu", "SDURecipe"),
}
# Arguments of networks that training faces decide: a recipe computes them again, a trained preset has them.
LEARNED = ("graph", "mean_shape")


def get_recipe(name: str) -> Recipe:
    """The training recipe of a preset, with its data set and architecture.

    Args:
        name: Name of a preset.

    Returns:
        A recipe with `fit(data_dir, run_dir)`; change settings with `with_settings`.

    Raises:
        UnknownPreset: If no preset has that name.
        ValueError: If the preset is not `trainable`.
    """
    preset = read_manifest()[name]
    if not preset.trainable:
        raise ValueError(f"Preset '{name}' has no recipe: {preset.notes} Received: name={name!r}")
    module, cls = _RECIPES[preset.paper]
    recipe = getattr(import_module(f"kerasalign.models.{module}.recipe"), cls)
    model = {key: value for key, value in preset.architecture.items() if key not in LEARNED}
    return recipe(model, dataset=preset.dataset, nme_normaliser=_paper_normaliser(preset))


def _paper_normaliser(preset: Preset) -> str:
    """Name of the normaliser of the paper's first number; inter-ocular where it has none."""
    from kerasalign.metrics import get_protocol

    results = preset.paper_results
    return get_protocol(results[0].protocol).normaliser if results else "inter_ocular"
