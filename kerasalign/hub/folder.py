"""The folder format of a preset: entry, weights, markup and model card."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasalign._version import __version__
from kerasalign.hub.card import model_card
from kerasalign.hub.preset import Preset
from kerasalign.markups import Markup, load_markup, register_markup, save_markup
from kerasalign.support.bounded import read_json
from kerasalign.support.files import write_json, written_beside

logger = logging.getLogger(__name__)

VERSION = 1
ENTRY, WEIGHTS, MARKUP, CARD = "preset.json", "model.weights.h5", "markup.json", "README.md"


def read_folder(directory: Path | str) -> Preset:
    """Reads and checks the preset of a folder, and registers its markup.

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
        ValueError: If its version is another, its entry is wrong, it has no weights, or its architecture holds more
            than plain numbers and names; the message names the file.
    """
    try:
        content = read_json(path)
        version = content.get("version") if isinstance(content, Mapping) else None
        if version != VERSION:
            raise ValueError(f"A preset's entry is an object of `version` {VERSION}. Received: version={version!r}")
        entry = content.get("preset")
        if not isinstance(entry, Mapping):
            raise ValueError(f"`preset` must be an object. Received: preset={entry!r}")
        _refuse_objects(entry.get("architecture"))
        preset = Preset.from_json(str(content.get("name")), entry)
        if preset.weights is None or preset.weights.source != "folder":
            raise ValueError(
                "The weights of a folder have `source` 'folder'. Received: "
                f"weights={preset.weights and preset.weights.source!r}"
            )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return preset


def _refuse_objects(value: Any) -> None:
    """Raises if an architecture holds what Keras would turn into an object by its name: it must be data alone."""
    if isinstance(value, Mapping):
        keys = {"module", "class_name", "registered_name"} & set(value)
        if keys:
            raise ValueError(f"`architecture` holds a serialized object, which is refused. Received: {sorted(keys)}")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _refuse_objects(item)


def check_target(directory: Path | str) -> Path:
    """Returns a folder that a preset may be written to.

    Raises:
        ValueError: If it holds other things, which the preset would be mixed with or would replace.
    """
    directory = Path(directory)
    empty = not directory.exists() or (directory.is_dir() and not any(directory.iterdir()))
    if not empty and not (directory / ENTRY).is_file():
        raise ValueError(f"The folder must be new, empty or hold a preset. Received: {str(directory)!r}")
    return directory


def write_folder(directory: Path, preset: Preset, markup: Markup | None) -> None:
    """Writes entry, markup and model card beside the weights, which are there already; an edited card stays."""
    if markup is not None:
        save_markup(markup, directory / MARKUP)
    if _has_edited_card(directory):
        logger.warning("%s was edited and stays as it is; the model may not be the one it describes.", directory / CARD)
    else:
        with written_beside(directory / CARD) as draft:
            draft.write_text(model_card(preset, f"./{directory.name}"), "utf-8")
    content = {"version": VERSION, "kerasalign": __version__, "name": preset.name, "preset": preset.to_json()}
    write_json(directory / ENTRY, content)


def _has_edited_card(directory: Path) -> bool:
    """Whether a preset's folder has another model card than the one that its entry gives."""
    try:
        card, entry = (directory / CARD).read_text("utf-8"), read_entry(directory / ENTRY)
    except (FileNotFoundError, ValueError):
        return False
    return card != model_card(entry, f"./{directory.name}")
