"""Changes of recipes from the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasalign.training import Recipe


def key_values(pairs: Sequence[str] | None, option: str) -> dict[str, Any]:
    """The values of a repeated option `OPTION KEY=JSON` as a dict.

    Raises:
        ValueError: If a value has another form.
    """
    values = {}
    for pair in pairs or ():
        key, _, value = pair.partition("=")
        if not key or not value:
            raise ValueError(f"`{option}` takes KEY=VALUE. Received: {option} {pair}")
        try:
            values[key] = json.loads(value)
        except ValueError:
            # A bare word is a string; JSON quotes are hard to type in a shell.
            values[key] = value
    return values


def with_options(
    recipe: Recipe,
    network: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    reader: Sequence[str] | None = None,
    **options: Any,
) -> Recipe:
    """A recipe with what the options of a command change.

    Args:
        recipe: The recipe.
        network: Arguments of the network, from `--set KEY=VALUE`.
        settings: Settings of the recipe, from `--recipe KEY=VALUE`.
        reader: Options of the data set's reader, from `--reader KEY=VALUE`; its others stay.
        **options: Settings that have an option of their own; `None`: as in the recipe.

    Raises:
        ValueError: If a field or setting is unknown, or given twice.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if reader:
        given["reader_options"] = {**recipe.reader_options, **key_values(reader, "--reader")}
    return changed(recipe, key_values(network, "--set"), given, key_values(settings, "--recipe"))


def changed(
    recipe: Recipe, network: Mapping[str, Any], options: Mapping[str, Any], settings: Mapping[str, Any]
) -> Recipe:
    """A recipe with fields of its network, settings from options of their own, and others from `--recipe` changed.

    Raises:
        ValueError: If a field or setting is unknown, or given twice.
    """
    twice = sorted(set(options) & set(settings))
    if twice or "model" in settings:
        raise ValueError(f"`--recipe` takes what has no option of its own. Received: {twice or ['model']}")
    return recipe.with_settings(model=recipe.model.replace(**network), **options, **settings)
