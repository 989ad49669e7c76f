"""Presets written to folders: a model of the user's, or a preset for a machine without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.core.origin import Origin, TrainingData
from kerasalign.hub.folder import WEIGHTS, check_target, write_folder
from kerasalign.hub.preset import Preset, Result
from kerasalign.hub.resolve import resolve
from kerasalign.markups import get_markup
from kerasalign.models import paper_of
from kerasalign.support.files import plain_json, sha256, written_beside

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

# License of weights whose author gave none; `publish` refuses it.
UNSTATED = "not stated"


def save_preset(
    model: LandmarkModel,
    directory: Path | str,
    *,
    name: str | None = None,
    dtype: str = "float32",
    dataset: str | None = None,
    license: str | None = None,
    commercial_use: bool | None = None,
    training_data: Sequence[Mapping[str, Any] | TrainingData] = (),
    training: Mapping[str, Any] | None = None,
    measured: Sequence[Mapping[str, Any] | Result] = (),
    notes: str = "",
) -> Preset:
    """Writes a model as a preset: `load(directory)` gives it back, `publish` puts it on the Hub.

    A model that was fine-tuned from a preset keeps that preset's terms: its training data is listed, and weights that
    may not be used commercially stay so.

    Args:
        model: The model.
        directory: Folder to write: new, empty, or one with a preset, which is replaced. An edited `README.md` stays.
        name: Name of the preset; by default the folder's.
        dtype: `"float32"`, or `"float16"` for half the size: the loaded network then computes with rounded weights.
        dataset: Data set that it is made for; by default that of the preset that the model came from.
        license: Terms of the weights; needed for `publish`.
        commercial_use: Whether license and training data allow commercial use.
        training_data: What the weights were trained on, `TrainingData` or mappings of its fields; `commercial_use` of
            a model that was not loaded from a preset needs it.
        training: How they were trained, for example the settings of a run card.
        measured: `Result`s or mappings of their fields.
        notes: What a user should know before using it.

    Returns:
        The preset, as `load` will read it.

    Raises:
        ValueError: If a field is wrong, commercial use is claimed against the terms of the preset that the model came
            from or without naming the training data, a weight is too large for `dtype`, or the folder holds other
            things.

    Example:

        model.fit(crops, landmarks)
        save_preset(model, "my-faces", license="CC-BY-4.0", training_data=[
            {"name": "my photos", "terms": "own", "faces": 800}])
    """
    from kerasalign.core.landmark_model import check_landmark_model
    from kerasalign.training import save_weights

    check_landmark_model(model)
    if dtype not in ("float32", "float16"):
        raise ValueError(f"`dtype` must be 'float32' or 'float16'. Received: dtype={dtype!r}")
    _check_range(model, dtype)
    directory = check_target(directory)
    origin = model.origin or Origin(name="", dataset="")
    base = origin.weights
    if commercial_use and base and not base.commercial_use:
        raise ValueError(
            f"The weights come from '{origin.name}', whose terms do not allow commercial use "
            f"({base.license}). Received: commercial_use=True"
        )
    if commercial_use and origin.commercial_use is None and not training_data:
        raise ValueError(
            "`training_data` must say what the weights were trained on, since the model does not know all of it. "
            "Received: commercial_use=True, training_data=()"
        )
    terms = {
        "license": license or (base.license if base else UNSTATED),
        "commercial_use": bool(commercial_use),
        "training_data": [*map(_fields, base.training_data if base else ()), *map(_fields, training_data)],
        "base": origin.name if base else "",
        "training": dict(training or origin.training),
    }
    # Size and digest are not known yet; all other fields are checked before anything is written.
    weights = {"file": WEIGHTS, "source": "folder", "sha256": "0" * 64, "bytes": 1, "dtype": dtype}
    entry = {
        "paper": paper_of(model).name,
        "dataset": origin.dataset if dataset is None else dataset,
        "architecture": model.config.architecture(),
        "crop": model.crop_spec.get_config(),
        "weights": weights | terms,
        "measured": list(map(_fields, measured)),
        "notes": notes,
    }
    preset = Preset.from_json(name or directory.resolve().name, plain_json(entry, "A preset's fields"))
    file = directory / WEIGHTS
    save_weights(model, file, dtype)
    assert preset.weights is not None
    digest, calibration = sha256(file), model.error_calibration
    # The same weights in another file estimate the same.
    calibration = calibration and replace(calibration, sha256=digest)
    stored = replace(preset.weights, sha256=digest, bytes=file.stat().st_size, calibration=calibration)
    preset = replace(preset, weights=stored)
    write_folder(directory, preset, model.markup)
    return preset


def download(name: str | Path, directory: Path | str) -> Preset:
    """Writes a preset to a folder, for a machine without a network: `load(directory)` needs nothing else.

    Args:
        name: A preset's name, its folder, or `"hf://user/repo@commit"`, as for `load`.
        directory: Folder to write: new, empty, or one with a preset, which is replaced. An edited `README.md` stays.

    Returns:
        The preset, as `load` will read it.

    Raises:
        WeightsNotPublished: If nobody has published weights for it.
        WeightsNotInstalled: If they are in the package kerasalign-weights, which is not installed.
        ValueError: If the folder holds other things.
    """
    directory = check_target(directory)
    resolved = resolve(name)
    source = resolved.weights_path()
    with written_beside(directory / WEIGHTS) as draft:
        draft.write_bytes(source.read_bytes())
    assert resolved.preset.weights is not None
    weights = replace(resolved.preset.weights, file=WEIGHTS, source="folder", repo=None, revision=None)
    preset = replace(resolved.preset, weights=weights)
    write_folder(directory, preset, get_markup(preset.markup) if preset.markup else None)
    return preset


def _fields(item: Mapping[str, Any] | TrainingData | Result) -> dict[str, Any]:
    return dict(item) if isinstance(item, Mapping) else vars(item)


def _check_range(model: LandmarkModel, dtype: str) -> None:
    """Raises if a weight is not finite or too large for a type."""
    import numpy as np

    largest = np.finfo(dtype).max
    for weight, values in zip(model.weights, model.get_weights()):
        values = values.astype("float64")
        if not (np.abs(values) <= largest).all():
            raise ValueError(f"The weight {weight.path} holds numbers that {dtype} does not. Received: dtype={dtype!r}")
