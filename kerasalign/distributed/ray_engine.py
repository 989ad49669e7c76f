"""Ray: found, started, and asked for actors."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def import_ray() -> Any:
    """Ray with Ray Data.

    Raises:
        ImportError: If it is not installed.
    """
    # A library sends nothing home; whoever wants Ray to do so sets it.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError('Ray is not installed: `pip install "kerasalign[ray]"`.') from error
    return ray


def start_ray(workers: int | None = None) -> Any:
    """Ray, connected to the cluster that RAY_ADDRESS names, or started on this machine; one that runs stays.

    Args:
        workers: Processes of a cluster that is started here; by default as many as there are cores.
    """
    ray = import_ray()
    if not ray.is_initialized():
        elsewhere = bool(os.environ.get("RAY_ADDRESS"))
        here: dict[str, Any] = {} if elsewhere else {"num_cpus": workers, "include_dashboard": False}
        ray.init(log_to_driver=False, logging_level="ERROR", **here)
    return ray


def cores_of(ray: Any) -> int:
    """Cores of the whole cluster."""
    return max(int(ray.cluster_resources().get("CPU", 1)), 1)


def actors(ray: Any, concurrency: int | tuple[int, int] | None, most: int, items: int | None = None) -> Any:
    """Ray Data's pool of actors.

    Args:
        ray: Ray.
        concurrency: Number of actors, or the least and the most; `None`: as many as help, up to `most`.
        most: See `concurrency`.
        items: Number of items that they share; further actors would have none.

    Raises:
        ValueError: If there is not at least one actor.
    """
    if concurrency is None:
        concurrency = (1, max(most, 1))
    least, largest = concurrency if isinstance(concurrency, tuple) else (concurrency, concurrency)
    if not 1 <= least <= largest:
        raise ValueError(f"`concurrency` must be at least 1, or such a pair. Received: concurrency={concurrency!r}")
    if items is not None:
        least, largest = min(least, items), min(largest, items)
    return ray.data.ActorPoolStrategy(min_size=least, max_size=largest)


def results_of(
    ray: Any, work: Callable[[], Callable[[Any], dict]], items: Sequence[Any], pool: Any, **resources: Any
) -> Iterator[dict]:
    """The result of each item, as it comes; the items are shared among actors by Ray Data.

    An actor that dies is started again, and its item goes to one that lives.

    Args:
        ray: Ray.
        work: Makes an actor's function from an item to a dict of numbers and texts.
        items: The items; anything that can be pickled.
        pool: See `actors`.
        **resources: `num_cpus` and `num_gpus` of an actor.
    """

    class Worker:
        def __init__(self) -> None:
            self.work = work()

        def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
            return self.work(ray.cloudpickle.loads(row["item"]))

    # One item after the other: what was begun and lost is one item.
    rows = [{"item": ray.cloudpickle.dumps(item)} for item in items]
    with _quiet(ray):
        data = ray.data.from_items(rows, override_num_blocks=min(len(rows), 4096))
        yield from data.map(Worker, compute=pool, **resources).iter_rows()


@contextmanager
def _quiet(ray: Any) -> Iterator[None]:
    """Data sets that are made in the block show no plan and no bars of their own."""
    context = ray.data.DataContext.get_current()
    before = {name: getattr(context, name) for name in ("enable_progress_bars", "print_on_execution_start")}
    level = (logger := logging.getLogger("ray.data._internal.progress")).level
    try:
        logger.setLevel(logging.ERROR)  # it warns that there are no bars
        for name in before:
            setattr(context, name, False)
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            setattr(context, name, value)
