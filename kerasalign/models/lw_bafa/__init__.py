"""LW-BAFA (Wang et al., APSIPA TSIP 2023) and the BAFA that it makes light: boundary-aware face alignment."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.lw_bafa.ablations import ABLATIONS
from kerasalign.models.lw_bafa.augmentation import AUGMENTATION
from kerasalign.models.lw_bafa.config import BAFAConfig, LWBAFAConfig
from kerasalign.models.paper import Paper

if TYPE_CHECKING:
    from kerasalign.models.lw_bafa.bafa import BAFA as BAFA
    from kerasalign.models.lw_bafa.network import LWBAFA as LWBAFA

PAPER = Paper(
    name="lwbafa",
    title="Lightweight Boundary-Aware Face Alignment with Compressed HourglassNet and Transformer",
    venue="APSIPA Transactions on Signal and Information Processing 12, e45, 2023",
    link="https://doi.org/10.1561/116.00000059",
    configs=(LWBAFAConfig, BAFAConfig),
    recipe="kerasalign.models.lw_bafa.recipe:LWBAFARecipe",
    ablations=ABLATIONS,
    augmentation=AUGMENTATION,
)

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {"bafa": ["BAFA"], "config": ["BAFAConfig", "LWBAFAConfig"], "network": ["LWBAFA"]},
    )
