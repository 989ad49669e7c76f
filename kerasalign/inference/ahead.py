"""Work that runs ahead of where its results are used."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor


def ahead(start: Callable, items: Iterable, most: int) -> Iterator:
    """Results in the order of their items, of which later ones are under way while an earlier one is used.

    Args:
        start: Starts the work on an item and returns a function that waits for its result.
        items: The items; drawn where the results are, only as fast as these are taken. What they raise is raised after
            the results of those before.
        most: Items that are under way or done when a result is given, that one apart.
    """
    waiting: deque[Callable] = deque()
    source, problem = iter(items), None
    while problem is None:
        try:
            waiting.append(start(next(source)))
        except StopIteration:
            break
        except Exception as error:
            problem = error
        else:
            if len(waiting) > most:
                yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
    if problem is not None:
        raise problem


def in_thread(items: Iterable, most: int, name: str) -> Iterator:
    """Items as a thread of its own draws them, up to `most` ahead of the one that is given.

    When the iterator ends or is closed the thread has ended, and a generator that it drew from is closed.

    Args:
        items: The items; what they raise is raised in place of the item.
        most: Items that are drawn or being drawn when one is given, that one apart.
        name: The thread's name.
    """
    source, end = iter(items), object()
    pool = ThreadPoolExecutor(1, name)
    try:
        for item in ahead(lambda _: pool.submit(next, source, end).result, itertools.repeat(None), most):
            if item is end:
                return
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        if hasattr(source, "close"):
            source.close()


def behind(work: Callable, items: Iterable, most: int, name: str) -> Iterator:
    """Results of work that a thread of its own does on items, in their order, while further items are made.

    When the iterator ends or is closed the thread has ended; items that it has not begun with are dropped then.

    Args:
        work: Takes an item.
        items: The items; drawn where the results are.
        most: Items that wait for the work or have it done when a result is given, that one apart.
        name: The thread's name.
    """
    pool = ThreadPoolExecutor(1, name)
    try:
        yield from ahead(lambda item: pool.submit(work, item).result, items, most)
    finally:
        pool.shutdown(cancel_futures=True)
