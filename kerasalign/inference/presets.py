"""What `LandmarkModel.from_preset`, `save_to_preset` and `export` do beyond Keras."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kerasalign.hub import load, resolve, save_preset
from kerasalign.models import read_config
from kerasalign.runtimes.terms import write_terms

if TYPE_CHECKING:
    from kerasalign.hub import Preset

M = TypeVar("M")


def load_as(kind: type[M], preset: str | os.PathLike[str], load_weights: bool = True, **options: Any) -> M:
    """Loads a preset whose network is of a class.

    Args:
        kind: The class, or a base of it.
        preset: As for `kerasalign.load`.
        load_weights: Whether to load its weights.
        **options: As for `kerasalign.load`.

    Raises:
        ValueError: If the network is of another class.
    """
    name = preset if isinstance(preset, str) else Path(preset)
    found = read_config(resolve(name).preset.architecture).model_class()
    if not issubclass(found, kind):
        raise ValueError(
            f"`preset` must be of the class {kind.__name__}. Received: preset={str(preset)!r}, which is of the class "
            f"{found.__name__}: {found.__name__}.from_preset({str(preset)!r})"
        )
    if not load_weights:
        options = {"weights": None} | options
    model: Any = load(name, **options)
    return model


def save_as(model: Any, preset_dir: str | os.PathLike[str], **options: Any) -> Preset:
    """As `kerasalign.save_preset`."""
    return save_preset(model, Path(preset_dir), **options)


def note_export(model: Any, path: str | os.PathLike[str], format: str) -> None:
    """As `runtimes.terms.write_terms`."""
    write_terms(model, path, format)
