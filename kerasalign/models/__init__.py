"""Face-alignment models, a folder for each paper. Names load when they are first used."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel as LandmarkModel
    from kerasalign.models.aan import AAN as AAN
    from kerasalign.models.lw_bafa import BAFA as BAFA, LWBAFA as LWBAFA
    from kerasalign.models.musica import MuSiCa as MuSiCa
    from kerasalign.models.registry import build as build
    from kerasalign.models.scc import SCC as SCC
    from kerasalign.models.sdu import SDU as SDU

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "kerasalign.core.landmark_model": ["LandmarkModel"],
        "aan": ["AAN"],
        "registry": ["build"],
        "lw_bafa": ["BAFA", "LWBAFA"],
        "musica": ["MuSiCa"],
        "scc": ["SCC"],
        "sdu": ["SDU"],
    },
)

# Papers register what they add to other rooms. This loads no Keras.
from kerasalign.models import musica as _  # noqa: E402, F401
