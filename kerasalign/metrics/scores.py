"""Scores of a data set from its per-face NMEs: CED, AUC, failure rate, weighted means.

NMEs and thresholds are percent, so 10.0 is the field's "0.1".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasalign.support.checks import at_least, one_of, positive

AUC_METHODS = ("exact", "trapezoid", "scc")


def failure_rate(nmes: np.ndarray, threshold: float = 10.0) -> float:
    """Percentage of faces whose NME is above the threshold; an NME equal to it is no failure."""
    positive(threshold=threshold)
    return float(100.0 * (_nmes(nmes) > threshold).mean())


def ced(nmes: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Cumulative error distribution: the fraction of faces with NME <= each threshold.

    Args:
        nmes: `(B,)` percent.
        thresholds: `(T,)` percent.

    Returns:
        `(T,)` float64 in 0..1; `1 - failure_rate / 100` at every threshold.
    """
    ordered = np.sort(_nmes(nmes))
    return np.searchsorted(ordered, np.asarray(thresholds, "float64"), side="right") / ordered.size


def auc(nmes: np.ndarray, threshold: float = 10.0, method: str = "exact") -> float:
    """Area under the CED on 0..threshold, divided by the threshold.

    Args:
        nmes: `(B,)` percent.
        threshold: End of the range, percent.
        method: `"exact"` is the integral itself, `1 - mean(min(nme, threshold)) / threshold`. `"trapezoid"`
            samples the CED at 1001 points. `"scc"` is the rule of SCC's released code: 20 thresholds from a
            twentieth of the range to its end (0.005 to 0.1), so at most 0.95.

    Returns:
        A fraction: 1 for no error at all (0.95 by `"scc"`), 0 when every face is at or beyond the threshold.

    Raises:
        ValueError: If `nmes` is empty or not finite, or `method` is unknown.
    """
    positive(threshold=threshold)
    one_of("method", method, AUC_METHODS)
    nmes, threshold = _nmes(nmes), float(threshold)
    if method == "exact":
        return float(1.0 - np.minimum(nmes, threshold).mean() / threshold)
    grid = np.linspace(0.0, threshold, 1001) if method == "trapezoid" else np.linspace(threshold / 20, threshold, 20)
    # SciPy's function has this name with every NumPy; the import takes a moment that few need.
    from scipy.integrate import trapezoid

    return float(trapezoid(ced(nmes, grid), grid) / threshold)


def weighted_mean(values: Sequence[float], counts: Sequence[int]) -> float:
    """Mean of subset means, each weighted by its number of faces.

    300W: `weighted_mean([common, challenging], [554, 135])` is the NME of the full set.

    Raises:
        ValueError: If the lengths differ or a count is not positive.
    """
    means, weights = np.asarray(values, "float64"), np.asarray(counts, "float64")
    if means.shape != weights.shape or means.ndim != 1 or means.size == 0 or not (weights > 0).all():
        raise ValueError(
            f"`values` and `counts` must be equally long, with positive counts. "
            f"Received: values={means.tolist()}, counts={weights.tolist()}"
        )
    return float(np.average(means, weights=weights))


def bootstrap_interval(
    values: np.ndarray, n_bootstrap: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over faces.

    Args:
        values: `(B,)` one value per face.
        n_bootstrap: Number of resamples.
        seed: Random seed of the resampling; the same seed gives the same interval.
        level: Coverage, 0.95 for a 95 % interval.

    Returns:
        Lower and upper end.

    Raises:
        ValueError: If `values` is empty or not finite, `n_bootstrap` < 1, or `level` is outside (0, 1).
    """
    values = _nmes(values, "values")
    at_least(1, n_bootstrap=n_bootstrap)
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie between 0 and 1. Received: level={level}")
    generator = np.random.default_rng(seed)
    # Rows in chunks of about four million draws: memory stays flat for large sets.
    rows = max(1, 4_000_000 // values.size)
    means = np.concatenate(
        [
            values[generator.integers(0, values.size, (min(rows, n_bootstrap - start), values.size))].mean(1)
            for start in range(0, n_bootstrap, rows)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _nmes(nmes: np.ndarray, name: str = "nmes") -> np.ndarray:
    nmes = np.asarray(nmes, "float64")
    if nmes.ndim != 1 or nmes.size == 0 or not np.isfinite(nmes).all():
        raise ValueError(
            f"`{name}` must be a non-empty (B,) array of finite numbers. "
            f"Received: shape {nmes.shape}, {int((~np.isfinite(nmes)).sum())} not finite"
        )
    return nmes
