"""Checks of arguments that many layers share."""


def at_least_one(**values) -> None:
    """Raises unless every number is 1 or more.

    Args:
        **values: Numbers, or tuples of them, by the argument's name.

    Raises:
        ValueError: If one is below 1.

    Example:

        at_least_one(filters=64, kernel_size=(3, 3))
    """
    for name, value in values.items():
        if min(value if isinstance(value, (tuple, list)) else (value,)) < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
