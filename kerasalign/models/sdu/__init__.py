"""SDU: stacked dense U-Nets with dual transformers (Guo et al., BMVC 2018)."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.models.paper import Paper
from kerasalign.models.sdu.ablations import ABLATIONS
from kerasalign.models.sdu.augmentation import AUGMENTATION
from kerasalign.models.sdu.config import SDUConfig

if TYPE_CHECKING:
    from kerasalign.models.sdu.network import SDU as SDU
    from kerasalign.models.sdu.table1 import TABLE_1 as TABLE_1

PAPER = Paper(
    name="sdu",
    title="Stacked Dense U-Nets with Dual Transformers for Robust Face Alignment",
    venue="BMVC 2018",
    link="https://arxiv.org/abs/1812.01936",
    configs=(SDUConfig,),
    recipe="kerasalign.models.sdu.recipe:SDURecipe",
    ablations=ABLATIONS,
    augmentation=AUGMENTATION,
)

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {"config": ["SDUConfig"], "network": ["SDU"], "table1": ["TABLE_1"]},
    )
