"""What a paper's folder brings to the library."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerasalign.core.config import ModelConfig
from kerasalign.data.augment_config import AugmentConfig
from kerasalign.models.ablation import Ablation
from kerasalign.runtimes.format import Format

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class Paper:
    """A paper and its models, recipe and augmentation. It loads no Keras; `register_paper` makes it known.

    Args:
        name: Short name, such as `"musica"`: the `paper` of manifest entries, and the start of preset names.
        title: Title of the paper.
        venue: Where and when it appeared.
        link: Address of the paper; empty where there is none.
        configs: The config class of each of its models.
        recipe: The recipe class, as `"module:class"`.
        learned: Names of the config fields that the training faces decide, such as `"mean_shape"`: a recipe computes
            them, a preset with weights holds them.
        ablations: Its tables of networks that differ in single parts.
        augmentation: Augmentation presets by name.
        formats: File formats that only this paper's models have.

    Example:

        PAPER = Paper(
            name="fine",
            title="Fine Landmarks",
            venue="BMVC 2027",
            link="https://example.org/fine",
            configs=(FineConfig,),
            recipe="fine.recipe:FineRecipe",
        )
    """

    name: str
    title: str
    venue: str
    link: str
    configs: tuple[type[ModelConfig], ...]
    recipe: str
    learned: tuple[str, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    augmentation: Mapping[str, AugmentConfig] = field(default_factory=dict)
    formats: tuple[Format, ...] = ()

    @property
    def models(self) -> dict[str, type[ModelConfig]]:
        """Name of each model class to its config class."""
        return {config.class_name(): config for config in self.configs}

    def recipe_class(self) -> type[Recipe]:
        """The recipe class. Keras loads here."""
        return pkgutil.resolve_name(self.recipe)
