"""Pairs of faces, each of one person or of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class FacePairs:
    """The pairs of a verification benchmark, in the order of its folds.

    Args:
        photos: The photos of all pairs, each once: paths, encoded bytes or arrays, or one array `(M, S, S, 3)` of
            crops.
        pairs: `(P, 2)` indices into `photos`.
        same: `(P,)` bool, True where both show one person.
        folds: Number of folds of the benchmark; each is a contiguous range of pairs.
        name: Name of the benchmark.

    Raises:
        ValueError: If an argument has a wrong shape or type, or an index is out of range.
    """

    photos: Sequence[Any] | np.ndarray
    pairs: np.ndarray
    same: np.ndarray
    folds: int = 10
    name: str = ""

    def __post_init__(self) -> None:
        pairs, same = np.asarray(self.pairs), np.asarray(self.same)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu" or len(pairs) == 0:
            raise ValueError(
                "`pairs` must be a (P, 2) array of indices of one or more pairs. "
                f"Received: {pairs.dtype} of shape {pairs.shape}"
            )
        if pairs.min() < 0 or pairs.max() >= len(self.photos):
            raise ValueError(
                f"`pairs` must index the {len(self.photos)} photos. Received: indices {pairs.min()}..{pairs.max()}"
            )
        if same.shape != (len(pairs),) or not np.isin(same, (0, 1)).all():
            raise ValueError(
                f"`same` must say True or False of each of the {len(pairs)} pairs. "
                f"Received: {same.dtype} of shape {same.shape}"
            )
        object.__setattr__(self, "pairs", pairs.astype("int64"))
        object.__setattr__(self, "same", same.astype(bool))

    def __len__(self) -> int:
        return len(self.pairs)

    def with_photos(self, photos: Sequence[Any] | np.ndarray) -> FacePairs:
        """The same pairs with other images for the photos, such as their aligned faces.

        Raises:
            ValueError: If there are not as many.
        """
        if len(photos) != len(self.photos):
            raise ValueError(f"`photos` must be one for each of the {len(self.photos)} photos. Received: {len(photos)}")
        return replace(self, photos=photos)

    def __repr__(self) -> str:
        return f"FacePairs({self.name!r}, {len(self)} pairs of {len(self.photos)} photos, {self.folds} folds)"
