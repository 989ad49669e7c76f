"""Splitting a data set's faces into training and validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def split_indices(
    n: int, val: int | float, seed: int = 0, groups: Sequence[str | None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A random split that depends on the arguments alone.

    Args:
        n: Number of faces.
        val: Faces for validation: a count (`int`), or a fraction (`float`), rounded down. With groups, at least as
            many.
        seed: Seed.
        groups: Group of each face, such as its video. The faces of a group look alike and stay together. `None` is a
            face without a group.

    Returns:
        Sorted training and validation indices, int64.

    Raises:
        ValueError: If nothing would be left to train on.
    """
    count = int(n * val) if isinstance(val, float) else int(val)
    if not 0 <= count < n:
        raise ValueError(f"`val` must leave faces to train on out of {n}. Received: val={val!r}")
    rng = np.random.default_rng([seed, n])
    if groups is None:
        order = rng.permutation(n)
        return np.sort(order[count:]), np.sort(order[:count])
    if len(groups) != n:
        raise ValueError(f"`groups` must be one per face, {n}. Received: {len(groups)} groups")
    _, member = np.unique(
        [f"face {i}" if group is None else f"group {group}" for i, group in enumerate(groups)], return_inverse=True
    )
    sizes = np.bincount(member)
    order = rng.permutation(len(sizes))
    chosen = order[: np.searchsorted(np.cumsum(sizes[order]), count) + 1] if count else order[:0]
    if len(chosen) == len(sizes):
        raise ValueError(f"`val` must leave groups to train on out of {len(sizes)}. Received: val={val!r}")
    held_out = np.isin(member, chosen)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
