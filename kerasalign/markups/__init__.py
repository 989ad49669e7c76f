"""Point schemes: `68`, `98`, `29`, `19`, `5`, and any that a user registers."""

from __future__ import annotations

from collections.abc import Mapping

from kerasalign.markups.files import load_markup, markup_of, markup_spec, save_markup
from kerasalign.markups.m5 import MARKUP_5
from kerasalign.markups.m19 import MARKUP_19
from kerasalign.markups.m29 import MARKUP_29
from kerasalign.markups.m68 import MARKUP_68
from kerasalign.markups.m98 import MARKUP_98
from kerasalign.markups.markup import Markup, flip_from_pairs

__all__ = [
    "Markup",
    "flip_from_pairs",
    "get_markup",
    "list_markups",
    "load_markup",
    "markup_config",
    "markup_from_config",
    "register_markup",
    "save_markup",
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
        raise ValueError(f"`markup` must be one of {list_markups()} or a Markup. Received: markup={markup!r}")
    return _REGISTRY[str(markup)]


def register_markup(markup: Markup) -> Markup:
    """Makes a markup known by its name; returns the one that is known by it, which may be an equal one.

    Raises:
        ValueError: If another markup holds that name.
    """
    known = _REGISTRY.setdefault(markup.name, markup)
    if known is not markup and not known.same_as(markup):
        raise ValueError(f"A markup of that name is registered already. Received: name={markup.name!r}")
    return known


def markup_config(markup: Markup | None) -> dict:
    """What the config of a model or metric holds of its markup: the name, and the points of one that is not built in.

    Returns:
        `{"markup": name}`, where other processes do not know the name with `"markup_spec"`, as `load_markup` reads it.
    """
    if markup is None:
        return {"markup": None}
    config = {"markup": markup.name}
    return config if markup.name in _BUILT_IN else config | {"markup_spec": markup_spec(markup)}


def markup_from_config(config: Mapping) -> dict:
    """A config without its `"markup_spec"`, whose markup is registered where its name is not known.

    Raises:
        ValueError: If another markup holds that name, or the spec defines none.
    """
    config = dict(config)
    spec = config.pop("markup_spec", None)
    if spec is not None:
        know_markup(markup_of(spec, "markup_spec"))
    return config


def know_markup(markup: Markup) -> Markup:
    """Registers a markup from a file where its name is not known; returns the one of that name.

    Raises:
        ValueError: If a markup with other points is registered by that name.
    """
    return _REGISTRY.setdefault(check_name(markup).name, markup)


def check_name(markup: Markup) -> Markup:
    """Returns a markup, unless its name is that of another one.

    Raises:
        ValueError: If a markup with other points is registered by that name.
    """
    # A mean shape may have been drawn better since; what a network needs of it is in its config.
    if not _REGISTRY.get(markup.name, markup).same_as(markup, shape=False):
        raise ValueError(f"A markup of that name with other points is registered. Received: markup={markup.name!r}")
    return markup


def list_markups() -> list[str]:
    """Names of the registered markups."""
    return list(_REGISTRY)
