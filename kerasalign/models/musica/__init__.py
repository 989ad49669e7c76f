"""MuSiCa (Shapira et al., ACM Multimedia 2021): selective cascaded regression with patch attention."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.musica.ablations import ABLATIONS
from kerasalign.models.musica.augmentation import AUGMENTATION
from kerasalign.models.musica.config import MuSiCaConfig
from kerasalign.models.musica.onnx_cascade import FORMAT
from kerasalign.models.paper import Paper

if TYPE_CHECKING:
    from kerasalign.models.musica.iteration import MuSiCaIteration as MuSiCaIteration
    from kerasalign.models.musica.network import MuSiCa as MuSiCa

PAPER = Paper(
    name="musica",
    title="Knowing When to Quit: Selective Cascaded Regression with Patch Attention for Real-Time Face Alignment",
    venue="ACM Multimedia 2021",
    link="https://arxiv.org/abs/2108.00377",
    configs=(MuSiCaConfig,),
    recipe="kerasalign.models.musica.recipe:MuSiCaRecipe",
    ablations=ABLATIONS,
    learned=("mean_shape",),
    augmentation=AUGMENTATION,
    formats=(FORMAT,),
)

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {"config": ["MuSiCaConfig"], "iteration": ["MuSiCaIteration"], "network": ["MuSiCa"]},
    )
