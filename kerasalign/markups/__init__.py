"""Point schemes: `68`, `98`, `29`, `19`, `5`, and any that a user registers."""

from __future__ import annotations

from kerasalign.markups.files import load_markup, save_markup
from kerasalign.markups.m5 import MARKUP_5
from kerasalign.markups.m19 import MARKUP_19
from kerasalign.markups.m29 import MARKUP_29
from kerasalign.markups.m68 import MARKUP_68
from kerasalign.markups.m98 import MARKUP_98
from kerasalign.markups.markup import Markup, flip_from_pairs

__all__ = [
    "Markup", "flip_from_pairs", "get_markup", "list_markups", "load_markup", "register_markup", "save_markup",
]  # fmt: skip

_REGISTRY: dict[str, Markup] = {
    m.name: m for m in (MARKUP_68, MARKUP_98, MARKUP_29, MARKUP_19, MARKUP_5)
}


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


def list_markups() -> list[str]:
    """Names of the registered markups."""
    return list(_REGISTRY)
