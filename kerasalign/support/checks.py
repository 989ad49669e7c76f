"""Checks of arguments. Each raises a `ValueError` that names the argument, what it must be, and what it was."""

from collections.abc import Iterable
from typing import Any


def one_of(name: str, value: Any, choices: Iterable, note: str = "") -> None:
    """Raises unless a value is one of the choices.

    Args:
        name: The argument's name.
        value: Its value.
        choices: The allowed values, or a mapping with them as keys.
        note: Text after the choices, such as `"or a Markup"`.

    Raises:
        ValueError: If the value is no choice.

    Example:

        one_of("pooling", pooling, ("max", "mean"))
    """
    allowed = list(choices)
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {allowed}{note and ' '}{note}. Received: {name}={shown(value)}")


def at_least(bound: float, **values: Any) -> None:
    """Raises unless every number is `bound` or more; NaN is not.

    Args:
        bound: The smallest allowed number.
        **values: Numbers, or tuples and lists of them, by the argument's name.

    Raises:
        ValueError: If a number is smaller.

    Example:

        at_least(1, filters=64, kernel_size=(3, 3))
    """
    for name, value in values.items():
        if not all(number >= bound for number in _numbers(value)):
            raise ValueError(f"`{name}` must be at least {bound}. Received: {name}={shown(value)}")


def positive(**values: Any) -> None:
    """Raises unless every number is above 0; NaN is not. As `at_least` otherwise."""
    for name, value in values.items():
        if not all(number > 0 for number in _numbers(value)):
            raise ValueError(f"`{name}` must be positive. Received: {name}={shown(value)}")


def in_range(low: float, high: float, **values: Any) -> None:
    """Raises unless every number is in `low..high`, ends included; NaN is not. As `at_least` otherwise."""
    for name, value in values.items():
        if not all(low <= number <= high for number in _numbers(value)):
            raise ValueError(f"`{name}` must be in {low}..{high}. Received: {name}={shown(value)}")


def shown(value: Any, most: int = 200) -> str:
    """`repr(value)` for a message; the middle of a long one is left out."""
    text = repr(value)
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}...{text[-most // 4 :]} ({len(text):,} characters)"


def _numbers(value: Any) -> tuple | list:
    return value if isinstance(value, (tuple, list)) else (value,)
