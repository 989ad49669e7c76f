"""Work that runs ahead of where its results are used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator


def ahead(start: Callable, items: Iterable, most: int) -> Iterator:
    """Results in the order of their items, of which later ones are under way while an earlier one is used.

    Args:
        start: Starts the work on an item and returns a function that waits for its result.
        items: The items; drawn where the results are, only as fast as these are taken.
        most: Items that are under way or done when a result is given, that one apart.
    """
    waiting: deque[Callable] = deque()
    for item in items:
        waiting.append(start(item))
        if len(waiting) > most:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
