"""LW-BAFA (Wang et al., APSIPA TSIP 2023) and the BAFA that it makes light: boundary-aware face alignment."""

from kerasalign.models.lw_bafa.bafa import BAFA
from kerasalign.models.lw_bafa.lw_bafa import LWBAFA

__all__ = ["BAFA", "LWBAFA"]
