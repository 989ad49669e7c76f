"""Weights that are no numbers are found before they are used or saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np


def non_finite(variables: Iterable[Any]) -> str:
    """Path of the first variable with a NaN or infinite value; empty where all are finite."""
    for variable in variables:
        value = np.asarray(keras.ops.convert_to_numpy(variable))
        # A sum is quicker than a look at each value, and one NaN or infinity spoils it.
        if value.dtype.kind not in "biu" and not np.isfinite(np.sum(value, dtype="float64")):
            return variable.path
    return ""
