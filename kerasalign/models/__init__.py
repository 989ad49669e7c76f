"""Face-alignment models: one base, one room per paper."""

import inspect

from kerasalign.models.aan import AAN
from kerasalign.models.landmark_model import LandmarkModel
from kerasalign.models.lw_bafa import BAFA, LWBAFA
from kerasalign.models.musica import MuSiCa
from kerasalign.models.scc import SCC
from kerasalign.models.sdu import SDU

__all__ = ["AAN", "BAFA", "LWBAFA", "SCC", "SDU", "LandmarkModel", "MuSiCa", "build"]

_CLASSES = {"AAN": AAN, "BAFA": BAFA, "LWBAFA": LWBAFA, "MuSiCa": MuSiCa, "SCC": SCC, "SDU": SDU}


def build(config: dict) -> LandmarkModel:
    """Builds an untrained model from a plain dict: `{"class": "MuSiCa", ...constructor arguments}`.

    Raises:
        ValueError: If the class or an argument is unknown.
    """
    arguments = dict(config)
    name = arguments.pop("class", None)
    if name not in _CLASSES:
        raise ValueError(f"`class` must be one of {sorted(_CLASSES)}. Received: class={name!r}")
    known = [*[*inspect.signature(_CLASSES[name].__init__).parameters][1:-1], "name"]
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        raise ValueError(f"{name} takes the arguments {known}. Received: {unknown}")
    return _CLASSES[name](**arguments)
