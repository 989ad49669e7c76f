"""Compares the results of an exported file with those of its network, and their speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Parity:
    """Differences between the results of a file and of its network.

    Args:
        crops: Number of crops.
        max_error: Largest distance of a landmark, in pixels of the crop.
        mean_error: Mean distance of a landmark, in pixels of the crop.
        outputs: Largest difference of every other output, in units of its largest value or of 1, whichever is larger.
    """

    crops: int
    max_error: float
    mean_error: float
    outputs: dict[str, float]


def compare(expected: Mapping[str, np.ndarray], actual: Mapping[str, np.ndarray]) -> Parity:
    """Compares the outputs of two networks; NaN counts as an infinite distance.

    Args:
        expected: Arrays by name; `"landmarks"` is `(B, N, 2)` in crop pixels.
        actual: Arrays of the same names and shapes.

    Raises:
        ValueError: If outputs are missing or have another shape.
    """
    shapes = [{key: value.shape for key, value in outputs.items()} for outputs in (expected, actual)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"The file should give {shapes[0]}. Received: {shapes[1]}")
    distance = _nan_as_infinite(np.linalg.norm(actual["landmarks"].astype("float64") - expected["landmarks"], axis=-1))
    others = {}
    for key in expected.keys() - {"landmarks"}:
        a, b = (np.asarray(outputs[key], "float64") for outputs in (expected, actual))
        others[key] = float(_nan_as_infinite(np.abs(a - b)).max() / max(np.abs(a).max(), 1.0))
    return Parity(len(distance), float(distance.max()), float(distance.mean()), dict(sorted(others.items())))


def _nan_as_infinite(distance: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(distance), distance, np.inf)


def latencies(calls: Sequence[Callable[[], object]], rounds: int = 15) -> list[float]:
    """Median milliseconds of several calls. They take turns, so that a busy machine slows all of them alike."""
    for call in calls:
        call()
    milliseconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, milliseconds):
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
    return [median(times) for times in milliseconds]
