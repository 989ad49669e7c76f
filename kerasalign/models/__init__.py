"""Face-alignment models: one base, one room per paper."""

from kerasalign.models.landmark_model import LandmarkModel
from kerasalign.models.musica import MuSiCa

__all__ = ["LandmarkModel", "MuSiCa", "build"]

_CLASSES = {"MuSiCa": MuSiCa}


def build(config: dict) -> LandmarkModel:
    """Builds an untrained model from a plain dict: `{"class": "MuSiCa", ...constructor arguments}`.

    Raises:
        ValueError: If the class is unknown.
    """
    arguments = dict(config)
    name = arguments.pop("class", None)
    if name not in _CLASSES:
        raise ValueError(f"`class` must be one of {sorted(_CLASSES)}. Received: class={name!r}")
    return _CLASSES[name](**arguments)
