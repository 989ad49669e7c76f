"""Face alignment on Keras 3: five papers, one interface.

    model = kerasalign.load("musica19-synth")
    faces = model.align("group.jpg")
    faces.draw().save("group_landmarks.png")

Names load when they are first used, so that importing the library takes no time and loads no backend.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasalign.export import export_model as export
    from kerasalign.geometry import CropSpec
    from kerasalign.hub import (
        adapt,
        align,
        download,
        freeze_kept,
        info,
        list_models,
        load,
        publish,
        save_preset,
    )
    from kerasalign.inference import Face, Faces
    from kerasalign.markups import Markup, get_markup, list_markups, register_markup
    from kerasalign.metrics import Protocol, get_protocol
    from kerasalign.models import LandmarkModel

__version__ = "0.1.0"

__all__ = [
    "CropSpec",
    "Face",
    "Faces",
    "LandmarkModel",
    "Markup",
    "Protocol",
    "adapt",
    "align",
    "download",
    "export",
    "freeze_kept",
    "get_markup",
    "get_protocol",
    "info",
    "list_markups",
    "list_models",
    "load",
    "publish",
    "register_markup",
    "save_preset",
]

_ROOMS = {
    "export": ("export",),
    "geometry": ("CropSpec",),
    "hub": ("adapt", "align", "download", "freeze_kept", "info", "list_models", "load", "publish", "save_preset"),
    "inference": ("Face", "Faces"),
    "markups": ("Markup", "get_markup", "list_markups", "register_markup"),
    "metrics": ("Protocol", "get_protocol"),
    "models": ("LandmarkModel",),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'kerasalign' has no attribute {name!r}")
    room = import_module(f"kerasalign.{_HOME[name]}")
    value = room if name == _HOME[name] else getattr(room, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
