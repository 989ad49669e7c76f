"""SDU: stacked dense U-Nets with dual transformers (Guo et al., BMVC 2018)."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.models.sdu.network import SDU as SDU
    from kerasalign.models.sdu.table1 import TABLE_1 as TABLE_1

__getattr__, __dir__, __all__ = attach(__name__, {"network": ["SDU"], "table1": ["TABLE_1"]})
