"""The one progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

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
    from rich.console import Console
    from rich.progress import track as rich_track

    console = Console(stderr=True)
    # Elsewhere than on a terminal the finished bar is all that is printed.
    return iter(rich_track(items, description, total, console=console, transient=console.is_terminal))
