"""Names of a package that load when they are first used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def attach(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Returns `__getattr__`, `__dir__` and `__all__` of a package whose names load on first use.

    Type checkers do not run this: list the names under `TYPE_CHECKING` as well.

    Args:
        package: The package's `__name__`.
        names: Module, relative to the package (`"crop"`) or absolute (`"kerasalign.geometry"`), to its public names.
            `"name as other"` imports `name` under another name.

    Example:

        __getattr__, __dir__, __all__ = attach(__name__, {"scene": ["Scene", "draw_scene"]})
    """
    home = {}
    for module, entries in names.items():
        path = module if module.startswith("kerasalign.") else f"{package}.{module}"
        for entry in entries:
            name, _, other = entry.partition(" as ")
            home[other or name] = (path, name)

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = home[name]
        value = getattr(import_module(module), original)
        setattr(import_module(package), name, value)
        return value

    return load, lambda: sorted(home), sorted(home)
