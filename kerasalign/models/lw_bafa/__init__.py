"""LW-BAFA (Wang et al., APSIPA TSIP 2023) and the BAFA that it makes light: boundary-aware face alignment."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.models.lw_bafa.bafa import BAFA as BAFA
    from kerasalign.models.lw_bafa.network import LWBAFA as LWBAFA

__getattr__, __dir__, __all__ = attach(__name__, {"bafa": ["BAFA"], "network": ["LWBAFA"]})
