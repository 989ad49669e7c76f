"""How good probabilities are: Brier score, calibration error, ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

BINS = 15


@dataclass(frozen=True)
class ProbabilityScores:
    """Scores of probabilities against what happened.

    Args:
        count: Number of pairs.
        rate: Share of pairs that are true.
        brier: Mean squared difference, 0 at best; always saying `rate` gives rate * (1 - rate).
        ece: Expected calibration error: mean difference between probability and share of trues within 15 bins of
            equal width, weighted by their counts.
        auc: Probability that a true pair has the higher value than one that is false, a half by chance; NaN where all
            are the same.
    """

    count: int
    rate: float
    brier: float
    ece: float
    auc: float


def probability_scores(probabilities: np.ndarray, truth: np.ndarray) -> ProbabilityScores:
    """Scores probabilities.

    Args:
        probabilities: In 0..1, of any shape.
        truth: bool, of the same shape.

    Raises:
        ValueError: If there is none, shapes differ, or a probability is not in 0..1.

    Example:

        probability_scores(np.array([0.9, 0.2]), np.array([True, False])).auc      # 1.0
    """
    p, y = np.asarray(probabilities, "float64").ravel(), np.asarray(truth, bool).ravel()
    if np.shape(probabilities) != np.shape(truth) or not p.size:
        raise ValueError(
            "`probabilities` and `truth` must have the same shape, at least one value. "
            f"Received: shapes {np.shape(probabilities)} and {np.shape(truth)}"
        )
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"`probabilities` must be in 0..1. Received: from {p.min()} to {p.max()}")
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = np.abs(np.bincount(bins, p - y, BINS))
    positive, negative = int(y.sum()), int((~y).sum())
    ranks = rankdata(p)[y].sum() - positive * (positive + 1) / 2
    return ProbabilityScores(
        count=p.size,
        rate=float(y.mean()),
        brier=float(np.square(p - y).mean()),
        ece=float(gaps.sum() / p.size),
        auc=float(ranks / (positive * negative)) if positive and negative else float("nan"),
    )
