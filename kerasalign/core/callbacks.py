"""What training adds to a user's callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

# The model's own scores; small ones are good ones. An undefined one is NaN.
_SCORES = ("loss", "nme")


class NanIsNeverBest(keras.callbacks.Callback):
    """Lets no other callback take NaN for the best value so far.

    `ModelCheckpoint`, `EarlyStopping` and `ReduceLROnPlateau` take the first value for the best one, whatever it is,
    and nothing is better than NaN. Here they start from infinity. They also learn which way `nme` improves, which Keras
    knows of its own metrics only.

    Args:
        others: The callbacks, which begin their training before this one.
    """

    def __init__(self, others: Sequence[Any]) -> None:
        super().__init__()
        self.others = others

    def on_train_begin(self, logs=None):
        """Sets the worst value where a callback has none yet."""
        for callback in self.others:
            monitor, mode = getattr(callback, "monitor", None), getattr(callback, "mode", None)
            own = isinstance(monitor, str) and monitor.removeprefix("val_") in _SCORES
            if mode == "auto" and own:
                callback.mode = mode = "min"
            if mode in ("min", "max") and getattr(callback, "best", 0) is None:
                callback.best = np.inf if mode == "min" else -np.inf


def with_nan_guard(callbacks: Any) -> Any:
    """A user's `callbacks`, one or several, and behind them `NanIsNeverBest`; a `CallbackList` stays as it is."""
    if callbacks is None or isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    several = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    return [*several, NanIsNeverBest(several)]
