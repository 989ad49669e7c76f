"""Training that has no success: a loss that is no number ends it, and weights that are none are never saved."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np


class TrainingDiverged(ValueError):
    """The loss or a weight became NaN or infinite: no further step would help."""


class StopAtNaN(keras.callbacks.Callback):
    """Keras callback that ends the training at the first loss that is NaN or infinite.

    It stands before the callbacks that save, so that none of them sees the spoilt weights.

    Raises:
        TrainingDiverged: The message names epoch and step.
    """

    # Keras then does not wait for each step before it starts the next.
    async_safe = True

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._first: int | None = None
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the loss: a mean over the epoch, which one NaN makes NaN."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            with self._lock:
                self._first = batch if self._first is None else min(batch, self._first)
            self.model.stop_training = True

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises before the validation."""
        self._raise()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Raises before anything is saved."""
        self._raise()

    def _raise(self) -> None:
        if self._first is not None:
            raise TrainingDiverged(
                f"The loss is no finite number in epoch {self._epoch + 1}, step {self._first + 1}. A lower learning "
                "rate usually helps"
            )
