"""Prefetching: work on later items while an earlier item is used."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor


def prefetch(start: Callable, items: Iterable, most: int, full: Callable[[], bool] = lambda: False) -> Iterator:
    """Yields results in the order of their items, and works on later items in advance.

    Args:
        start: Starts the work on an item. Returns a function that waits for the result.
        items: The items. The caller's thread draws them, only as fast as it takes results. An error that they raise
            comes after the results of the items before it.
        most: How many items are under way or done beside the one whose result is yielded.
        full: Whether no further item is begun before the results of those that wait were taken.
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
            while len(waiting) > most or (waiting and full()):
                yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
    if problem is not None:
        raise problem


def prefetch_in_thread(items: Iterable, most: int, name: str) -> Generator:
    """Yields items that a separate thread draws, up to `most` of them in advance.

    When the iterator ends or is closed, the thread has ended, and the generator that it drew from is closed.

    Args:
        items: The items. An error that they raise is raised in place of the item.
        most: How many items are drawn, or being drawn, beside the one that is yielded.
        name: Name of the thread.
    """
    source, end = iter(items), object()
    pool = ThreadPoolExecutor(1, name)
    try:
        for item in prefetch(lambda _: pool.submit(next, source, end).result, itertools.repeat(None), most):
            if item is end:
                return
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        if isinstance(source, Generator):
            source.close()


def map_in_thread(work: Callable, items: Iterable, most: int, name: str) -> Iterator:
    """Yields the results of `work` in the order of the items; one separate thread does the work.

    When the iterator ends or is closed, the thread has ended; it drops items that it has not begun.

    Args:
        work: Function of an item.
        items: The items. The caller's thread draws them.
        most: How many items wait for the work, or are done, beside the one whose result is yielded.
        name: Name of the thread.
    """
    pool = ThreadPoolExecutor(1, name)
    try:
        yield from prefetch(lambda item: pool.submit(work, item).result, items, most)
    finally:
        pool.shutdown(cancel_futures=True)
