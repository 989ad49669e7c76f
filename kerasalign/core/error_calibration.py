"""From a network's estimate of its own error to percent of the inter-ocular distance, as measured on real faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ErrorCalibration:
    """A monotone map of error estimates, and the error from which on a face has failed.

    Between two points the map is straight; below the first one it comes from (0, 0), above the last one it goes on as
    steep as between the last two.

    Args:
        estimates: Estimates of the network, in its own unit, ascending; at least two.
        errors: The mean NME of faces with that estimate, in percent of the inter-ocular distance, ascending.
        failure_threshold: Calibrated error in percent above which a face counts as failed.
        sha256: Digest of the weights file that it was measured on; other weights have other estimates.
        faces: Number of faces that it was fitted to.
        data: What these faces are.
        command: The command that made it.
        file: The measurement file, relative to the top of the repository.

    Raises:
        ValueError: If numbers are not positive, or not ascending.
    """

    estimates: tuple[float, ...]
    errors: tuple[float, ...]
    failure_threshold: float
    sha256: str
    faces: int
    data: str = ""
    command: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        for name in ("estimates", "errors"):
            values = tuple(float(value) for value in getattr(self, name))
            if len(values) < 2 or not (np.diff([0.0, *values]) > 0).all():
                raise ValueError(f"`{name}` must be two or more ascending, positive numbers. Received: {values}")
            object.__setattr__(self, name, values)
        if len(self.estimates) != len(self.errors):
            raise ValueError(
                "`errors` must be as many as `estimates`. "
                f"Received: {len(self.errors)} errors, {len(self.estimates)} estimates"
            )
        if not self.failure_threshold > 0:
            raise ValueError(f"`failure_threshold` must be a positive percentage. Received: {self.failure_threshold!r}")

    def calibrate(self, estimates: Any) -> np.ndarray:
        """NME in percent of the inter-ocular distance to expect; NaN stays NaN.

        Args:
            estimates: The network's estimates, of any shape.
        """
        estimates = np.asarray(estimates, "float64")
        (x0, x1), (y0, y1) = self.estimates[-2:], self.errors[-2:]
        inside = np.interp(estimates, (0.0, *self.estimates), (0.0, *self.errors))
        return np.where(estimates > x1, y1 + (estimates - x1) * (y1 - y0) / (x1 - x0), inside)


def calibrated_outputs(model: Any, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A model's outputs with `error` and `failed` by its calibration, where it has one.

    Args:
        model: A `CropModel`. Its `error_calibration` may be missing. A `failure_threshold` of its own, which its user
            chose, decides over `failed` instead of that of the calibration.
        outputs: Arrays by name.
    """
    calibration: ErrorCalibration | None = getattr(model, "error_calibration", None)
    if calibration is None or "error" not in outputs:
        return dict(outputs)
    error = calibration.calibrate(outputs["error"])
    if not calibration_decides_failure(model):
        return dict(outputs) | {"error": error}
    return dict(outputs) | {"error": error, "failed": error > calibration.failure_threshold}


def calibration_decides_failure(model: Any) -> bool:
    """Whether `failed` of a model's faces comes from its calibration."""
    own = getattr(model, "failure_threshold", None)
    return own is None and getattr(model, "error_calibration", None) is not None
