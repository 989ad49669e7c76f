"""Calibration of a cascade's error estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import spearmanr

from kerasalign.evaluation.early_exit.iteration_errors import CascadeErrors
from kerasalign.support.checks import in_range, positive

# Mean of |cos a| + |sin a| over all directions is 4 / pi: an L1 distance over a Euclidean one. Eyes are level in
# an upright face, so the two lengths that divide them are the same.
TO_OCULAR = math.pi / 4


@dataclass(frozen=True, eq=False)
class Calibration:
    """Error estimates of one iteration and the true errors.

    The estimate is an L1 distance over the L1 distance of the outer eye corners. Times `scale` it is in
    percent of the inter-ocular distance, the unit of everything here but `own`, `raw_mae`, `raw_bias` and the
    thresholds, which are in the model's own.

    Args:
        iteration: Counted from 1.
        estimates: `(F,)` the model's estimates in percent, in its own unit.
        own: `(F,)` true errors in percent, in that unit.
        truth: `(F,)` NME in percent of the inter-ocular distance.
        failures: `(F,)` bool, whether the NME by the protocol is above its failure threshold.
        scale: From the estimate's unit to that of `truth`; pi/4 for upright faces and errors in random
            directions.
    """

    iteration: int
    estimates: np.ndarray
    own: np.ndarray
    truth: np.ndarray
    failures: np.ndarray
    scale: float = TO_OCULAR

    def __post_init__(self) -> None:
        positive(scale=self.scale)

    @property
    def mae(self) -> float:
        """Mean absolute difference of scaled estimate and truth."""
        return float(np.abs(self.scale * self.estimates - self.truth).mean())

    @property
    def bias(self) -> float:
        """Mean of scaled estimate minus truth."""
        return float((self.scale * self.estimates - self.truth).mean())

    @property
    def raw_mae(self) -> float:
        """Mean absolute difference of estimate and true error in the model's own unit."""
        return float(np.abs(self.estimates - self.own).mean())

    @property
    def raw_bias(self) -> float:
        """Mean of estimate minus true error in the model's own unit."""
        return float((self.estimates - self.own).mean())

    @property
    def spearman(self) -> float:
        """Rank correlation of estimate and truth; NaN where either is the same for all faces."""
        if np.ptp(self.estimates) == 0 or np.ptp(self.truth) == 0:
            return float("nan")
        correlation, _ = spearmanr(self.estimates, self.truth)
        return float(correlation)

    @property
    def fitted_scale(self) -> float:
        """Median of truth over estimate, on these very faces; NaN if no estimate is positive."""
        positive = self.estimates > 0
        return float(np.median(self.truth[positive] / self.estimates[positive])) if positive.any() else float("nan")

    def roc(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """ROC of "has failed if the estimate is above T_f".

        Returns:
            False-positive rate, true-positive rate, thresholds, `(K,)` each, from no face flagged to all; a rate
            over no face is NaN.
        """
        thresholds = np.append(np.unique(self.estimates)[::-1], -np.inf)
        flagged = self.estimates[:, None] > thresholds
        return _share(flagged[~self.failures]), _share(flagged[self.failures]), thresholds

    @property
    def auroc(self) -> float:
        """Area under the ROC: how often a failed face has the larger estimate; NaN without both kinds of face."""
        false_positive, true_positive, _ = self.roc()
        return float(trapezoid(true_positive, false_positive))

    def failure_threshold(self, false_alarm_rate: float = 0.05) -> float:
        """The smallest T_f with at most this rate of false alarms.

        Args:
            false_alarm_rate: Share of the faces that did not fail, 0 to below 1.

        Raises:
            ValueError: If the rate is out of range, or every face failed.
        """
        if not 0 <= false_alarm_rate < 1:
            raise ValueError(
                f"`false_alarm_rate` must be from 0 to below 1. Received: false_alarm_rate={false_alarm_rate}"
            )
        good = np.sort(self.estimates[~self.failures])
        if not good.size:
            raise ValueError(
                "A threshold for false alarms needs faces that did not fail. "
                f"Received: {len(self.failures)} faces, all failed"
            )
        # The margin keeps a product such as 0.29 * 100 from losing a face.
        return float(good[good.size - 1 - math.floor(false_alarm_rate * good.size + 1e-9)])

    def caught(self, threshold: float) -> float:
        """Share of the failed faces whose estimate is above a threshold; NaN if none failed."""
        return float(_share(self.estimates[self.failures] > threshold))

    def to_dict(self, false_alarm_rate: float = 0.05) -> dict:
        """Plain numbers, ready for JSON; `None` where these faces do not determine a number."""
        rates = dict(zip(("fpr", "tpr"), self.roc()))
        suggested = float("nan") if self.failures.all() else self.failure_threshold(false_alarm_rate)
        numbers = {
            "raw_mae": self.raw_mae,
            "raw_bias": self.raw_bias,
            "scale": self.scale,
            "mae": self.mae,
            "bias": self.bias,
            "fitted_scale": self.fitted_scale,
            "spearman": self.spearman,
            "auroc": self.auroc,
            "false_alarm_rate": false_alarm_rate,
            "failure_threshold": suggested,
            "caught": self.caught(suggested),
        }
        counts = {"iteration": self.iteration, "faces": len(self.truth), "failures": int(self.failures.sum())}
        corners = _corners(*rates.values()) if np.isfinite(self.auroc) else np.zeros(0, int)
        roc = {name: np.round(values[corners], 6).tolist() for name, values in rates.items()}
        return counts | {name: value if math.isfinite(value) else None for name, value in numbers.items()} | roc


def calibrate(errors: CascadeErrors, iteration: int | None = None, scale: float | None = None) -> Calibration:
    """The calibration of one iteration's estimates on test faces; a face has failed by the protocol's threshold.

    Args:
        errors: Of `cascade_errors`.
        iteration: Counted from 1; by default the last, whose estimate decides over failure.
        scale: From the estimate's unit to percent of the inter-ocular distance, such as the `fitted_scale` of
            other faces; by default pi/4, or 1 for estimates of the NME itself.

    Raises:
        ValueError: If there is no such iteration, or `scale` is not positive.
    """
    number = errors.iterations if iteration is None else iteration
    in_range(1, errors.iterations, iteration=number)
    index = number - 1
    if scale is None:
        scale = 1.0 if errors.unit == "nme" else TO_OCULAR
    failures = errors.nmes[:, index] > errors.protocol.fr_threshold
    return Calibration(
        number, errors.estimates[:, index], errors.own[:, index], errors.ocular[:, index], failures, scale
    )


def _share(flags: np.ndarray) -> np.ndarray:
    """Mean over the faces; NaN where there is none."""
    return flags.mean(0) if len(flags) else np.full(flags.shape[1:], np.nan)


def _corners(*curves: np.ndarray) -> np.ndarray:
    """Indices of the points between which the curves are straight."""
    bend = np.any([np.abs(np.diff(curve, 2)) > 1e-12 for curve in curves], axis=0)
    return np.flatnonzero(np.concatenate([[True], bend, [True]]))
