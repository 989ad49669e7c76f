"""Face verification, whether two crops show one person: accuracy over folds, and TAR at a FAR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kerasalign.recognition.embedding import embed_faces
from kerasalign.recognition.pairs import FacePairs

# Squared distances of unit vectors lie in 0..4.
_THRESHOLDS = np.arange(0.0, 4.0, 0.01)
_FINE_THRESHOLDS = np.arange(0.0, 4.0, 0.001)


class Rate(NamedTuple):
    """True and false accept rates at a threshold, each 0..1.

    Attributes:
        tar: Share of the pairs of one person that are accepted.
        tar_std: Standard deviation of that share over the folds.
        far: Share of the pairs of two people that are accepted.
    """

    tar: float
    tar_std: float
    far: float


@dataclass(frozen=True, eq=False)
class Verification:
    """Distances of the pairs of a benchmark, and the scores computed from them.

    Args:
        distances: `(P,)` squared Euclidean distances of unit-length embeddings.
        same: `(P,)` bool, True where both show one person.
        folds: Number of contiguous folds.
        name: Name of the benchmark.

    Raises:
        ValueError: If shapes differ, a distance is not finite, or a fold has pairs of only one kind.
    """

    distances: np.ndarray
    same: np.ndarray
    folds: int = 10
    name: str = ""

    def __post_init__(self) -> None:
        distances, same = np.asarray(self.distances, "float64"), np.asarray(self.same, bool)
        if distances.ndim != 1 or distances.shape != same.shape or not np.isfinite(distances).all():
            raise ValueError(
                "`distances` must be one finite number for each pair. "
                f"Received: shapes {distances.shape} and {same.shape}"
            )
        if not isinstance(self.folds, (int, np.integer)) or not 2 <= self.folds <= len(same):
            raise ValueError(
                f"`folds` must be an integer from 2 to the number of pairs, {len(same)}. Received: folds={self.folds!r}"
            )
        for number, fold in enumerate(np.array_split(same, self.folds), start=1):
            if fold.all() or not fold.any():
                raise ValueError(
                    f"`same` must have pairs of one person and of two in every fold. "
                    f"Received: only {'one person' if fold.all() else 'two'} in fold {number}"
                )
        object.__setattr__(self, "distances", distances)
        object.__setattr__(self, "same", same)

    @property
    def thresholds(self) -> np.ndarray:
        """`(folds,)` threshold of each fold: the lowest of 0, 0.01, ... 3.99 that is best on the others."""
        return np.array([_THRESHOLDS[np.argmax(self._accuracy(rest, _THRESHOLDS))] for _, rest in self._folds()])

    @property
    def fold_accuracies(self) -> np.ndarray:
        """`(folds,)` accuracy of each fold at its threshold in `thresholds`, 0..1."""
        return np.array(
            [
                self._accuracy(fold, np.array([threshold]))[0]
                for (fold, _), threshold in zip(self._folds(), self.thresholds, strict=True)
            ]
        )

    @property
    def accuracy(self) -> float:
        """Mean accuracy over the folds, 0..1."""
        return float(self.fold_accuracies.mean())

    @property
    def accuracy_std(self) -> float:
        """Standard deviation of the accuracies of the folds, 0..1."""
        return float(self.fold_accuracies.std())

    def tar_at_far(self, far: float = 1e-3) -> Rate:
        """True accept rate at a false accept rate.

        The threshold of a fold is the highest of 0, 0.001, ... 3.999 at which the FAR of the other folds is at most
        `far`. Both rates of the result are measured on the fold itself, and averaged over the folds.

        Args:
            far: Largest accepted FAR, 0 <= `far` < 1.

        Raises:
            ValueError: If `far` is out of this range.
        """
        if not 0 <= far < 1:
            raise ValueError(f"`far` must be at least 0 and less than 1. Received: far={far!r}")
        rates = []
        for fold, rest in self._folds():
            allowed = _accepted(self.distances[rest & ~self.same], _FINE_THRESHOLDS) <= far
            threshold = _FINE_THRESHOLDS[allowed][-1:]  # never empty: the threshold 0 accepts nothing
            rates.append([_accepted(self.distances[fold & kind], threshold)[0] for kind in (self.same, ~self.same)])
        tars, fars = np.array(rates).T
        return Rate(float(tars.mean()), float(tars.std()), float(fars.mean()))

    def to_dict(self, far: float = 1e-3) -> dict[str, Any]:
        """The scores, ready for JSON."""
        rate = self.tar_at_far(far)
        return {
            "name": self.name,
            "pairs": len(self.same),
            "folds": int(self.folds),
            "accuracy": self.accuracy,
            "accuracy_std": self.accuracy_std,
            "fold_accuracies": self.fold_accuracies.tolist(),
            "thresholds": self.thresholds.tolist(),
            "tar_at_far": {"far": far, "tar": rate.tar, "tar_std": rate.tar_std, "measured_far": rate.far},
        }

    def _folds(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For each fold the mask of its pairs and the mask of all others."""
        for part in np.array_split(np.arange(len(self.same)), self.folds):
            fold = np.zeros(len(self.same), bool)
            fold[part] = True
            yield fold, ~fold

    def _accuracy(self, mask: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
        """Accuracy on the pairs of a mask at each threshold."""
        same, others = self.distances[mask & self.same], self.distances[mask & ~self.same]
        right = _accepted(same, thresholds) * len(same) + (1 - _accepted(others, thresholds)) * len(others)
        return np.rint(right) / mask.sum()

    def __repr__(self) -> str:
        return (
            f"Verification({self.name!r}, accuracy={100 * self.accuracy:.3f} +- {100 * self.accuracy_std:.3f} %, "
            f"{len(self.same)} pairs, {self.folds} folds)"
        )


def verify(
    embed: Callable[[np.ndarray], Any],
    pairs: FacePairs,
    folds: int | None = None,
    batch_size: int = 64,
    mirror: bool = True,
) -> Verification:
    """Measures a recognizer on pairs of aligned faces.

    Args:
        embed: The recognizer, `(B, H, W, 3)` uint8 RGB crops to `(B, D)` embeddings; see `embed_faces`.
        pairs: The pairs, of crops of one size.
        folds: Number of folds; by default that of the pairs.
        batch_size: Crops per call of `embed`.
        mirror: As in `embed_faces`.

    Returns:
        The distances of all pairs, with their scores: `accuracy`, `tar_at_far(1e-3)`.

    Example:

        pairs = read_lfw_pairs("lfw")
        crops = align_main_faces(pairs.photos, "musica19-synth")
        verify(recognizer, pairs.with_photos(crops)).accuracy

    Reference:
        Huang et al., Labeled Faces in the Wild, 2007: the threshold is chosen on nine folds and applied to the
        tenth. Embeddings and thresholds as in ArcFace's released code (Deng et al., CVPR 2019).
    """
    vectors = embed_faces(embed, pairs.photos, batch_size, mirror)
    first, second = (vectors[pairs.pairs[:, side]] for side in (0, 1))
    distances = np.square(first - second).sum(1)
    return Verification(distances, pairs.same, pairs.folds if folds is None else folds, pairs.name)


def _accepted(distances: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of distances below each threshold."""
    return np.searchsorted(np.sort(distances), thresholds, side="left") / len(distances)
