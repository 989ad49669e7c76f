"""Face alignment on Keras 3: five papers, one interface.

    model = kerasalign.load("musica19-synth")
    faces = model.align("group.jpg")
    faces.draw().save("group_landmarks.png")

Names load when they are first used, so that importing the library takes no time and loads no backend.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign._version import __version__ as __version__
from kerasalign.support.keras_objects import register_with_keras

register_with_keras()

#: Modules that register file formats when they are imported: the papers'. They are imported when a format is asked for.
PLUGINS = ["kerasalign.models"]

if TYPE_CHECKING:
    from kerasalign.datasets import example_photos as example_photos
    from kerasalign.geometry import CropSpec as CropSpec
    from kerasalign.hub import (
        adapt as adapt,
        align as align,
        download as download,
        freeze_kept as freeze_kept,
        get_recipe as get_recipe,
        info as info,
        list_models as list_models,
        load as load,
        publish as publish,
        save_preset as save_preset,
    )
    from kerasalign.inference import Face as Face, Faces as Faces
    from kerasalign.markups import (
        Markup as Markup,
        get_markup as get_markup,
        list_markups as list_markups,
        register_markup as register_markup,
    )
    from kerasalign.metrics import Protocol as Protocol, get_protocol as get_protocol
    from kerasalign.models import LandmarkModel as LandmarkModel
    from kerasalign.runtimes import export_model as export  # noqa: F401
    from kerasalign.training import dataset as dataset

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "kerasalign.datasets": ["example_photos"],
            "kerasalign.geometry": ["CropSpec"],
            "kerasalign.hub": [
                "adapt",
                "align",
                "download",
                "freeze_kept",
                "get_recipe",
                "info",
                "list_models",
                "load",
                "publish",
                "save_preset",
            ],
            "kerasalign.inference": ["Face", "Faces"],
            "kerasalign.markups": ["Markup", "get_markup", "list_markups", "register_markup"],
            "kerasalign.metrics": ["Protocol", "get_protocol"],
            "kerasalign.models": ["LandmarkModel"],
            "kerasalign.runtimes": ["export_model as export"],
            "kerasalign.training": ["dataset"],
        },
    )
