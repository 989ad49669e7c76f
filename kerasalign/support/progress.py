"""The one progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def track(items: Iterable[T], description: str, total: int | None = None, show: bool | None = None) -> Iterator[T]:
    """Yields the items, with a progress bar on the error stream.

    Args:
        items: Any iterable; it is drawn item by item.
        description: Text in front of the bar.
        total: Number of items, where `len(items)` does not give it.
        show: Whether to show the bar; by default only where the error stream is a terminal.
    """
    if not (sys.stderr.isatty() if show is None else show):
        return iter(items)
    return _tracked(items, description, total)


def live_console() -> Console | None:
    """The console of the bar that is shown now: lines printed there stand above the bar, and not inside it."""
    return _shown[-1] if _shown else None


_shown: list[Console] = []


def _tracked(items: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    # Elsewhere than on a terminal the finished bar is all that is printed. Standard output stays what it is: it may be
    # a file.
    bar = Progress(console=console, transient=console.is_terminal, redirect_stdout=False)
    with bar:
        _shown.append(console)
        try:
            yield from bar.track(items, total=total, description=description)
        finally:
            _shown.remove(console)
