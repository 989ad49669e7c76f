"""SDU: stacked dense U-Nets with dual transformers (Guo et al., BMVC 2018)."""

from kerasalign.models.sdu.rows import TABLE_1
from kerasalign.models.sdu.sdu import SDU

__all__ = ["SDU", "TABLE_1"]
