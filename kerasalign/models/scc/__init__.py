"""SCC: structure coherence component (Zhu et al., 2020)."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.paper import Paper
from kerasalign.models.scc.ablations import ABLATIONS
from kerasalign.models.scc.augmentation import AUGMENTATION
from kerasalign.models.scc.config import SCCConfig

if TYPE_CHECKING:
    from kerasalign.models.scc.network import SCC as SCC

PAPER = Paper(
    name="scc",
    title="Fast and Accurate: Structure Coherence Component for Face Alignment",
    venue="arXiv 2020",
    link="https://arxiv.org/abs/2006.11697",
    configs=(SCCConfig,),
    recipe="kerasalign.models.scc.recipe:SCCRecipe",
    ablations=ABLATIONS,
    learned=("graph",),
    augmentation=AUGMENTATION,
)

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {"config": ["SCCConfig"], "network": ["SCC"]},
    )
