"""The file formats that networks can be exported to, by name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import kerasalign
from kerasalign.runtimes.format import Format

_formats: dict[str, Format] = {}


def register_format(format: Format, exist_ok: bool = False) -> Format:
    """Makes a format known to `export_model` and `open_runtime`.

    Args:
        format: The format.
        exist_ok: Whether it may take the place of a format of the same name.

    Returns:
        The format.

    Raises:
        ValueError: If the name is taken.
    """
    if format.name in _formats and not exist_ok:
        raise ValueError(f"A format of this name is registered already. Received: name={format.name!r}")
    _formats[format.name] = format
    return format


def unregister_format(name: str) -> None:
    """Removes a format; one that is not registered is no error."""
    _formats.pop(name, None)


def list_formats() -> list[str]:
    """Names of the formats."""
    _import_plugins()
    return sorted(_formats)


def get_format(name: str) -> Format:
    """The format of a name.

    Raises:
        ValueError: If there is none.
    """
    if name not in list_formats():
        raise ValueError(f"`format` must be one of {list_formats()}. Received: format={name!r}")
    return _formats[name]


def find_format(path: Path) -> Format | None:
    """The format of a file or folder; `None` if it is of none."""
    _import_plugins()
    return next((format for format in _formats.values() if format.recognizes(path)), None)


def _import_plugins() -> None:
    for module in kerasalign.PLUGINS:
        import_module(module)
