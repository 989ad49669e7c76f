"""How far an exported file is from its network: in pixels, in every output, and in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Parity:
    """Differences of a file's results from the network's.

    Args:
        crops: Number of crops.
        max_error: Largest distance of a landmark, in pixels of the crop.
        mean_error: Mean distance, in pixels.
        outputs: Largest difference of every other output, in units of its largest value or of 1, whichever is larger.
    """

    crops: int
    max_error: float
    mean_error: float
    outputs: dict[str, float]


def compare(wanted: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> Parity:
    """Compares outputs, dicts of arrays with the same keys; a number that is none counts as infinitely far.

    Raises:
        ValueError: If outputs are missing or have another shape.
    """
    shapes = [{key: value.shape for key, value in out.items()} for out in (wanted, found)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"The file should give {shapes[0]}. Received: {shapes[1]}")
    distance = _far(np.linalg.norm(found["landmarks"].astype("float64") - wanted["landmarks"], axis=-1))
    others = {}
    for key in wanted.keys() - {"landmarks"}:
        a, b = (np.asarray(out[key], "float64") for out in (wanted, found))
        others[key] = float(_far(np.abs(a - b)).max() / max(np.abs(a).max(), 1.0))
    return Parity(len(distance), float(distance.max()), float(distance.mean()), dict(sorted(others.items())))


def _far(distance: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(distance), distance, np.inf)


def latencies(calls: list[Callable], rounds: int = 15) -> list[float]:
    """Median milliseconds of each of several calls, made in turn so that a busy machine slows all alike."""
    for call in calls:
        call()
    spent = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, spent):
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
    return [median(times) for times in spent]
