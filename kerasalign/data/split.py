"""Splitting a data set's faces into training and validation."""

from __future__ import annotations

import numpy as np


def split_indices(n: int, val: int | float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random split that depends on `n`, `val` and `seed` only.

    Args:
        n: Number of faces.
        val: Faces for validation: a count (`int`), or a fraction (`float`), rounded down.
        seed: Seed.

    Returns:
        Sorted training and validation indices, int64.

    Raises:
        ValueError: If nothing would be left to train on.
    """
    count = int(n * val) if isinstance(val, float) else int(val)
    if not 0 <= count < n:
        raise ValueError(f"`val` must leave faces to train on out of {n}. Received: val={val!r}")
    order = np.random.default_rng([seed, n]).permutation(n)
    return np.sort(order[count:]), np.sort(order[:count])
