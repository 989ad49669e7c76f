"""Face-alignment models, a folder for each paper. Importing this loads no Keras; models load when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.registry import register_paper

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel as LandmarkModel
    from kerasalign.models.aan import AAN as AAN
    from kerasalign.models.lw_bafa import BAFA as BAFA, LWBAFA as LWBAFA
    from kerasalign.models.musica import MuSiCa as MuSiCa
    from kerasalign.models.paper import Paper as Paper
    from kerasalign.models.registry import (
        build as build,
        get_ablation as get_ablation,
        get_paper as get_paper,
        list_ablations as list_ablations,
        list_papers as list_papers,
        paper_of as paper_of,
        read_config as read_config,
    )
    from kerasalign.models.scc import SCC as SCC
    from kerasalign.models.sdu import SDU as SDU

# The folder of each paper.
FOLDERS = ("aan", "lw_bafa", "musica", "scc", "sdu")
_CONFIGS = [
    config for folder in FOLDERS for config in register_paper(import_module(f"{__name__}.{folder}").PAPER).configs
]

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "kerasalign.core.landmark_model": ["LandmarkModel"],
            "paper": ["Paper"],
            "registry": [
                "build",
                "get_ablation",
                "get_paper",
                "list_ablations",
                "list_papers",
                "paper_of",
                "read_config",
                "register_paper",
            ],
            **{config.network.partition(":")[0]: [config.class_name()] for config in _CONFIGS},
        },
    )
