"""What an evaluation needs of a model."""

from typing import Protocol

from kerasalign.core.crop_model import CropModel


class NamedModel(CropModel, Protocol):
    """A `CropModel` with a name for reports.

    Attributes:
        name: Name of the model.
    """

    name: str
