"""Checks of arguments. Each raises a `ValueError` that names the argument, what it must be, and what it was."""

from collections.abc import Container, Iterable
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

# No setting is as large; what is larger overflows in the arithmetic that follows.
_FARTHEST = 1e12


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


def check_types(config: Any, most: int, skip: Container[str] = ()) -> None:
    """Raises unless the fields of a dataclass have the types that it says: numbers, texts, and tuples of them.

    Args:
        config: An instance. Its fields' types are `bool`, `int`, `float`, `str`, tuples and `| None` of these.
        most: Largest absolute value of a whole number, and length of a tuple.
        skip: Names of fields of other types.

    Raises:
        ValueError: If a value is of another type, NaN, infinite, or too large.
    """
    for name, hint in get_type_hints(type(config)).items():
        if name in skip or get_origin(hint) is ClassVar:
            continue
        value = getattr(config, name)
        if not _has_type(value, hint, most):
            text = getattr(hint, "__name__", str(hint)) if get_origin(hint) is None else str(hint)
            raise ValueError(f"`{name}` must be {text}, up to {most:,}. Received: {name}={shown(value)}")


def _has_type(value: Any, hint: Any, most: int) -> bool:
    arguments = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_has_type(value, argument, most) for argument in arguments)
    if get_origin(hint) is tuple:
        of_one_kind = len(arguments) == 2 and arguments[1] is Ellipsis
        if not isinstance(value, tuple) or len(value) > most or not (of_one_kind or len(value) == len(arguments)):
            return False
        return all(_has_type(v, arguments[0] if of_one_kind else arguments[i], most) for i, v in enumerate(value))
    if hint is float:
        number: Any = value  # `Real` has no types of its comparisons
        # NaN is not in the range either.
        return isinstance(value, Real) and not isinstance(value, bool) and -_FARTHEST <= number <= _FARTHEST
    if hint is int:
        return isinstance(value, Integral) and abs(int(value)) <= most
    if hint is bool:
        return isinstance(value, bool)
    if hint is str:
        return isinstance(value, str) and len(value) <= most
    return value is None if hint in (None, NoneType) else True


def shown(value: Any, most: int = 200) -> str:
    """`repr(value)` for a message; the middle of a long one is left out."""
    text = repr(value)
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}...{text[-most // 4 :]} ({len(text):,} characters)"


def _numbers(value: Any) -> tuple | list:
    return value if isinstance(value, (tuple, list)) else (value,)
