"""Markups (point schemes): `68`, `98`, `29`, `19`, `5`, and those that a user registers."""

from __future__ import annotations

from collections.abc import Mapping

from kerasalign.markups.files import load_markup, markup_of, markup_spec, save_markup
from kerasalign.markups.m5 import MARKUP_5
from kerasalign.markups.m19 import MARKUP_19
from kerasalign.markups.m29 import MARKUP_29
from kerasalign.markups.m68 import MARKUP_68
from kerasalign.markups.m98 import MARKUP_98
from kerasalign.markups.markup import Markup, flip_from_pairs
from kerasalign.support.checks import one_of

__all__ = [
    "Markup",
    "check_markup_name",
    "flip_from_pairs",
    "get_markup",
    "list_markups",
    "load_markup",
    "markup_config",
    "markup_from_config",
    "register_markup",
    "save_markup",
    "unregister_markup",
]

_REGISTRY: dict[str, Markup] = {m.name: m for m in (MARKUP_68, MARKUP_98, MARKUP_29, MARKUP_19, MARKUP_5)}
_BUILT_IN = frozenset(_REGISTRY)


def get_markup(markup: str | int | Markup) -> Markup:
    """Returns a registered markup by name; a `Markup` is returned as it is.

    Raises:
        ValueError: If no markup has that name.
    """
    if isinstance(markup, Markup):
        return markup
    if str(markup) not in _REGISTRY:
        one_of("markup", markup, _REGISTRY, "or a Markup")
    return _REGISTRY[str(markup)]


def register_markup(markup: Markup, exist_ok: bool = False) -> Markup:
    """Registers a markup by its name. Returns the registered markup, which may be an earlier, equal one.

    Args:
        markup: The markup.
        exist_ok: Whether a registered markup with the same points but another mean shape is returned too, as for a
            markup from a file.

    Raises:
        ValueError: If a different markup is registered by that name.
    """
    if exist_ok:
        check_markup_name(markup)
        return _REGISTRY.setdefault(markup.name, markup)
    known = _REGISTRY.setdefault(markup.name, markup)
    if known is not markup and not known.same_as(markup):
        raise ValueError(f"A markup of that name is registered already. Received: name={markup.name!r}")
    return known


def unregister_markup(name: str) -> None:
    """Removes a markup from the registry; does nothing where no markup has that name.

    Raises:
        ValueError: If the markup is built in.
    """
    if name in _BUILT_IN:
        raise ValueError(f"`name` must not be a built-in markup: {sorted(_BUILT_IN)}. Received: name={name!r}")
    _REGISTRY.pop(name, None)


def check_markup_name(markup: Markup) -> None:
    """Raises if a markup with other points is registered by the markup's name.

    Mean shapes may differ: what a network needs of its mean shape is in its config.

    Raises:
        ValueError: If the name belongs to other points.
    """
    if not _REGISTRY.get(markup.name, markup).same_as(markup, shape=False):
        raise ValueError(f"A markup of that name with other points is registered. Received: markup={markup.name!r}")


def markup_config(markup: Markup | None) -> dict:
    """The entries for a markup in the config of a model or metric.

    Returns:
        `{"markup": name}`. A markup that is not built in adds `"markup_spec"`, its definition as `load_markup` reads
        it, so that other processes can rebuild it.
    """
    if markup is None:
        return {"markup": None}
    config = {"markup": markup.name}
    return config if markup.name in _BUILT_IN else config | {"markup_spec": markup_spec(markup)}


def markup_from_config(config: Mapping) -> dict:
    """A config without `"markup_spec"`; the markup that this entry defines is registered.

    Raises:
        ValueError: If a different markup is registered by that name, or the entry is not a markup.
    """
    config = dict(config)
    spec = config.pop("markup_spec", None)
    if spec is not None:
        register_markup(markup_of(spec, "markup_spec"), exist_ok=True)
    return config


def list_markups() -> list[str]:
    """Names of the registered markups."""
    return list(_REGISTRY)
