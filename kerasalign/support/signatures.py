"""Signatures of functions that pass options on, for the completion of editors and notebooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def with_options(options: type) -> Callable[[F], F]:
    """Writes the keys of a `TypedDict` into the signature of a function in place of its `**options`.

    Args:
        options: The `TypedDict`.
    """

    def decorate(function: F) -> F:
        known = inspect.signature(function)
        kept = [item for item in known.parameters.values() if item.kind is not item.VAR_KEYWORD]
        named = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=...,
                annotation=getattr(annotation, "__forward_arg__", annotation),
            )
            for name, annotation in options.__annotations__.items()
        ]
        setattr(function, "__signature__", known.replace(parameters=[*kept, *named]))  # noqa: B010
        return function

    return decorate
