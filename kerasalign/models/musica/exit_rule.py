"""The rule of "knowing when to quit", in numpy; the layer `SelectIteration` computes the same.

Reference: arXiv 2108.00377, section 3.2.
"""

from __future__ import annotations

import numpy as np


def finished(estimates: np.ndarray, threshold: float | None) -> np.ndarray:
    """Marks the error estimates after which a face may quit.

    Args:
        estimates: Estimates in percent, of any shape.
        threshold: T_s in percent; an estimate must be below it. `None`: no face quits early.
    """
    estimates = np.asarray(estimates)
    return np.zeros(estimates.shape, bool) if threshold is None else estimates < threshold


def exit_rule(estimates: np.ndarray, threshold: float | None) -> np.ndarray:
    """The iteration at which each face quits, counted from 0: the first that finishes it, else the last.

    Args:
        estimates: `(F, I)` estimates of F faces after each of I iterations, in percent.
        threshold: As in `finished`.

    Returns:
        `(F,)` integers in 0..I-1.

    Example:

        exit_rule([[5.0, 3.0, 2.0], [5.0, 6.0, 7.0]], threshold=4.0)      # 1, 2
    """
    done = finished(estimates, threshold)
    return np.where(done.any(1), done.argmax(1), done.shape[1] - 1)


def failed(estimates: np.ndarray, last: np.ndarray, threshold: float | None) -> np.ndarray:
    """Marks the faces that failed: the last iteration ran, and its estimate is above T_f.

    Args:
        estimates: `(F,)` estimate in percent with which each face quit.
        last: `(F,)` whether a face quit at the last iteration.
        threshold: T_f in percent; `None`: no face fails.
    """
    estimates = np.asarray(estimates)
    return np.zeros(estimates.shape, bool) if threshold is None else last & (estimates > threshold)


def check_threshold(name: str, value: float | None) -> float | None:
    """Returns a threshold in percent, or `None`.

    Raises:
        ValueError: If it is a number that is not positive.
    """
    if value is not None and not value > 0:
        raise ValueError(f"`{name}` must be a positive percentage or None. Received: {name}={value!r}")
    return None if value is None else float(value)
