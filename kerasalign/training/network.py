"""Networks from the `model` of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.geometry import CropSpec
from kerasalign.models import build


def crop_and_markup(model: Mapping[str, Any]) -> tuple[CropSpec, str]:
    """Returns the crop of a network and the name of its markup."""
    network = build(dict(model))
    if network.markup is None:
        raise ValueError(f"A network that is trained on a data set needs a markup. Received: model={dict(model)!r}")
    return network.crop_spec, network.markup.name


def build_network(model: Mapping[str, Any], learned: Mapping[str, Any], precision: str = "float32") -> LandmarkModel:
    """Builds an untrained network.

    Args:
        model: Config of the network.
        learned: Entries of the config that the training faces decide.
        precision: Dtype policy of the layers.
    """
    dtype = {} if precision == "float32" else {"dtype": precision}
    return build({**model, **learned, **dtype})
