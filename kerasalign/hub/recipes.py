"""The training recipe of a preset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasalign.hub.catalog import read_manifest
from kerasalign.hub.preset import Preset
from kerasalign.models import get_paper, read_config

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


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
    paper = get_paper(preset.paper)
    architecture = {key: value for key, value in preset.architecture.items() if key not in paper.learned}
    recipe_class = paper.recipe_class()
    model = read_config(architecture | recipe_class.trained_with)
    return recipe_class(
        model,
        dataset=preset.dataset,
        reader_options=dict(preset.reader_options),
        nme_normalizer=_paper_normalizer(preset),
    )


def _paper_normalizer(preset: Preset) -> str:
    """Name of the normalizer of the paper's first number; inter-ocular where it has none."""
    from kerasalign.metrics import get_protocol

    results = preset.paper_results
    return get_protocol(results[0].protocol).normalizer if results else "inter_ocular"
