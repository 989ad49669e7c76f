"""Weights outside of a model that still know where they come from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.core.origin import Origin


class WeightList(list):
    """What `get_weights` of a model returns: a list of arrays with the model's `origin` and `error_calibration`.

    `set_weights` of another model takes them over with the numbers. Keras' callbacks keep such a list and give it back;
    a new list that a user makes of the arrays is a plain one, of which nothing is known.

    Args:
        values: The arrays.
        origin: Where they come from; `None` where it is not known.
        error_calibration: What error estimates mean with them.
    """

    def __init__(
        self,
        values: Iterable[np.ndarray] = (),
        origin: Origin | None = None,
        error_calibration: ErrorCalibration | None = None,
    ) -> None:
        super().__init__(values)
        self.origin = origin
        self.error_calibration = error_calibration
