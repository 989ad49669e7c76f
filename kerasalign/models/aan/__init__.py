"""AAN: attentional alignment networks (Yue et al., BMVC 2018)."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.aan.ablations import ABLATIONS
from kerasalign.models.aan.config import AANConfig
from kerasalign.models.paper import Paper

if TYPE_CHECKING:
    from kerasalign.models.aan.network import AAN as AAN

PAPER = Paper(
    name="aan",
    title="Attentional Alignment Networks",
    venue="BMVC 2018",
    link="",
    configs=(AANConfig,),
    recipe="kerasalign.models.aan.recipe:AANRecipe",
    ablations=ABLATIONS,
)

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {"config": ["AANConfig"], "network": ["AAN"]},
    )
