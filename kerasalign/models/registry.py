"""A network from a plain dict."""

import inspect

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.markups import markup_from_config
from kerasalign.models.aan import AAN
from kerasalign.models.lw_bafa import BAFA, LWBAFA
from kerasalign.models.musica import MuSiCa
from kerasalign.models.scc import SCC
from kerasalign.models.sdu import SDU

_CLASSES = {"AAN": AAN, "BAFA": BAFA, "LWBAFA": LWBAFA, "MuSiCa": MuSiCa, "SCC": SCC, "SDU": SDU}


def build(config: dict) -> LandmarkModel:
    """Builds an untrained model from a plain dict: `{"class": "MuSiCa", ...constructor arguments}`.

    Raises:
        ValueError: If the class or an argument is unknown.
    """
    arguments = markup_from_config(config)
    name = arguments.pop("class", None)
    if name not in _CLASSES:
        raise ValueError(f"`class` must be one of {sorted(_CLASSES)}. Received: class={name!r}")
    known = _arguments(_CLASSES[name])
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        raise ValueError(f"{name} takes the arguments {known}. Received: {unknown}")
    return _CLASSES[name](**arguments)


def _arguments(model_class: type) -> list[str]:
    """Names of the arguments that a class takes, those that it passes on to the one above included."""
    own = [
        vars(base)["__init__"]
        for base in model_class.__mro__[: model_class.__mro__.index(LandmarkModel)]
        if "__init__" in vars(base)
    ]
    names = [name for init in own for name in [*inspect.signature(init).parameters][1:-1]]
    return [*dict.fromkeys(names), "name"]
