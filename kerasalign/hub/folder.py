"""A preset as a folder: entry, weights, markup and model card, for air-gapped machines and for publishing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.core.origin import TrainingData
from kerasalign.hub.card import model_card
from kerasalign.hub.manifest import read_manifest
from kerasalign.hub.preset import Preset, Result
from kerasalign.markups import Markup, get_markup, load_markup, register_markup, save_markup
from kerasalign.support.files import plain_json, sha256, write_json, written_beside

if TYPE_CHECKING:
    from kerasalign.models import LandmarkModel

logger = logging.getLogger(__name__)

VERSION = 1
ENTRY, WEIGHTS, MARKUP, CARD = "preset.json", "model.weights.h5", "markup.json", "README.md"
UNSTATED = "not stated"


def read_folder(directory: Path | str) -> Preset:
    """The preset of a folder, checked; its markup is registered where it is not known.

    Raises:
        FileNotFoundError: If the folder holds no preset.
        ValueError: If its entry or markup is wrong, or another markup of that name is registered.
    """
    path = Path(directory) / ENTRY
    if not path.is_file():
        raise FileNotFoundError(
            f"A preset's folder holds a {ENTRY}, as `save_preset` and `kerasalign download` write "
            f"it; a repository of the Hub is written hf://user/repo@commit. "
            f"Received: {str(directory)!r}"
        )
    preset = read_entry(path)
    if preset.markup is not None:
        register_markup(load_markup(path.with_name(MARKUP)), exist_ok=True)
    return preset


def read_entry(path: Path) -> Preset:
    """Reads and checks a `preset.json`.

    Raises:
        ValueError: If it is of another version, or its entry is wrong, or asks for more than plain numbers and names;
            the message names the file.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        version = content.get("version") if isinstance(content, Mapping) else None
        if version != VERSION:
            raise ValueError(f"A preset's entry is an object of `version` {VERSION}. Received: version={version!r}")
        preset = Preset.from_json(str(content.get("name")), content.get("preset"))
        if preset.weights is None or preset.weights.source != "folder":
            raise ValueError(
                "The weights of a folder have `source` 'folder'. Received: "
                f"weights={preset.weights and preset.weights.source!r}"
            )
        _refuse_objects(preset.architecture)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return preset


def _refuse_objects(value: Any) -> None:
    """An architecture from elsewhere is data: nothing that Keras would turn into an object by its name."""
    if isinstance(value, Mapping):
        named = {"module", "class_name", "registered_name"} & set(value)
        if named:
            raise ValueError(f"`architecture` holds a serialised object, which is refused. Received: {sorted(named)}")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _refuse_objects(item)


def save_preset(
    model: LandmarkModel,
    directory: Path | str,
    *,
    name: str | None = None,
    dtype: str = "float32",
    dataset: str | None = None,
    licence: str | None = None,
    commercial_use: bool | None = None,
    training_data: Sequence[Mapping[str, Any] | TrainingData] = (),
    training: Mapping[str, Any] | None = None,
    measured: Sequence[Mapping[str, Any] | Result] = (),
    notes: str = "",
) -> Preset:
    """Writes a model as a preset: `load(directory)` gives it back, `publish` puts it on the Hub.

    A model that was fine-tuned from a preset carries that preset's terms on: its training data is listed, and what
    may not be used commercially cannot become so.

    Args:
        model: The model.
        directory: Folder to write, new, empty or with a preset, which is replaced; a `README.md` that was edited stays.
        name: Name of the preset; by default the folder's.
        dtype: `"float32"`, or `"float16"` for half the size; the network computes with the rounded numbers then.
        dataset: Data set that it is made for; by default that of the preset it came from.
        licence: Terms of the weights; needed for `publish`.
        commercial_use: Whether licence and training data allow commercial use.
        training_data: What the weights were trained on, `TrainingData` or mappings of its fields.
        training: How they were trained, for example the settings of a run card.
        measured: `Result`s or mappings of their fields.
        notes: What a user should know.

    Returns:
        The preset, as `load` will read it.

    Raises:
        ValueError: If a field is wrong, commercial use is claimed against the terms of the preset it came from, the
            weights do not fit `dtype`, or the folder holds other things.

    Example:

        model.fit(crops, landmarks)
        save_preset(model, "my-faces", licence="CC-BY-4.0", training_data=[
            {"name": "my photos", "terms": "own", "faces": 800}])
    """
    from kerasalign.training import save_weights

    if dtype not in ("float32", "float16"):
        raise ValueError(f"`dtype` must be 'float32' or 'float16'. Received: dtype={dtype!r}")
    _check_range(model, dtype)
    directory = _place(directory)
    origin = model.origin
    base = origin.weights if origin else None
    training = training or (origin.training if origin else {})
    if commercial_use and base and not base.commercial_use:
        raise ValueError(
            f"The weights come from '{origin.name}', whose terms do not allow commercial use "
            f"({base.licence}). Received: commercial_use=True"
        )
    stated = {
        "file": WEIGHTS,
        "source": "folder",
        "sha256": "0" * 64,
        "bytes": 1,
        "dtype": dtype,
        "licence": licence or (base.licence if base else UNSTATED),
        "commercial_use": bool(commercial_use),
        "training_data": [*map(_fields, base.training_data if base else ()), *map(_fields, training_data)],
        "base": origin.name if base else "",
        "training": dict(training),
    }
    # Everything is checked before anything is written; the file's digest comes after.
    entry = Preset.from_json(
        name or directory.resolve().name,
        plain_json(
            {
                "paper": _paper(model),
                "dataset": (origin.dataset if origin else "") if dataset is None else dataset,
                "architecture": {"class": type(model).__name__, **_plain(model)},
                "crop": model.crop_spec.get_config(),
                "weights": stated,
                "measured": list(map(_fields, measured)),
                "notes": notes,
            },
            "A preset's fields",
        ),
    )
    save_weights(model, directory / WEIGHTS, dtype)
    written = {"sha256": sha256(directory / WEIGHTS), "bytes": (directory / WEIGHTS).stat().st_size}
    return _write(directory, replace(entry, weights=replace(entry.weights, **written)), model.markup)


def _fields(item: Mapping[str, Any] | TrainingData | Result) -> dict[str, Any]:
    return dict(item) if isinstance(item, Mapping) else vars(item)


def _plain(model: LandmarkModel) -> dict:
    """A model's config without Keras' running name, which is no part of it."""
    return {key: value for key, value in model.get_config().items() if key != "name"}


def _place(directory: Path | str) -> Path:
    """A folder that a preset may be written to: what else lies in it would be mixed with it, or replaced."""
    directory = Path(directory)
    empty = not directory.exists() or (directory.is_dir() and not any(directory.iterdir()))
    if not empty and not (directory / ENTRY).is_file():
        raise ValueError(f"The folder must be new, empty or hold a preset. Received: {str(directory)!r}")
    return directory


def _paper(model: LandmarkModel) -> str:
    kind = type(model).__name__
    presets = read_manifest().presets.values()
    return next((preset.paper for preset in presets if preset.architecture["class"] == kind), kind.lower())


def _check_range(model: LandmarkModel, dtype: str) -> None:
    import numpy as np

    largest = np.finfo(dtype).max
    for weight, values in zip(model.weights, model.get_weights()):
        values = values.astype("float64")
        if not (np.abs(values) <= largest).all():
            raise ValueError(f"The weight {weight.path} holds numbers that {dtype} does not. Received: dtype={dtype!r}")


def download(name: str, directory: Path | str) -> Preset:
    """Writes a preset into a folder, for a machine without a network: `load(directory)` needs nothing else.

    Args:
        name: Whatever `load` takes: name of a preset, a folder, `"hf://user/repo@commit"`.
        directory: Folder to write, new, empty or with a preset, which is replaced; a `README.md` that was edited stays.

    Raises:
        WeightsNotPublished: If nobody has published weights for it.
        ValueError: If the folder holds other things.
    """
    from kerasalign.hub.source import find_preset

    directory = _place(directory)
    found = find_preset(name)
    path = found.weights_path()
    with written_beside(directory / WEIGHTS) as draft:
        draft.write_bytes(path.read_bytes())
    preset = found.preset
    weights = replace(preset.weights, file=WEIGHTS, source="folder", repo=None, revision=None)
    return _write(directory, replace(preset, weights=weights), get_markup(preset.markup) if preset.markup else None)


def _edited(directory: Path) -> bool:
    """Whether a preset's folder has a card that is not the one that its entry gives."""
    try:
        card, entry = (directory / CARD).read_text("utf-8"), read_entry(directory / ENTRY)
    except (FileNotFoundError, ValueError):
        return False
    return card != model_card(entry, f"./{directory.name}")


def _write(directory: Path, preset: Preset, markup: Markup | None) -> Preset:
    from kerasalign._version import __version__

    if markup is not None:
        save_markup(markup, directory / MARKUP)
    if _edited(directory):
        logger.warning("%s was edited and stays as it is; the model may not be the one it describes.", directory / CARD)
    else:
        with written_beside(directory / CARD) as draft:
            draft.write_text(model_card(preset, f"./{directory.name}"), "utf-8")
    content = {"version": VERSION, "kerasalign": __version__, "name": preset.name, "preset": preset.to_json()}
    write_json(directory / ENTRY, content)
    return preset
