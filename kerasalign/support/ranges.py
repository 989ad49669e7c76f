"""`Range` fields of a config dataclass: uniform distributions, given as (low, high)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

Range = tuple[float, float]


def check_ranges(config: Any) -> None:
    """Converts every `Range` field of a frozen dataclass to a tuple of two floats.

    Call it in `__post_init__`, so that values from JSON, which are lists, become tuples.

    Args:
        config: The dataclass instance. Its fields of type `Range` are the ranges.

    Raises:
        ValueError: If a range is reversed, or is not two numbers.
    """
    hints = get_type_hints(type(config))
    for field in fields(config):
        if hints[field.name] != Range:
            continue
        value = getattr(config, field.name)
        if len(value) != 2 or not value[0] <= value[1]:
            raise ValueError(f"`{field.name}` must be (low, high). Received: {field.name}={value!r}")
        object.__setattr__(config, field.name, (float(value[0]), float(value[1])))
