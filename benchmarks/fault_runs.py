"""A training run of a moment, for the faults of `fault_kinds.py`."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from kerasalign.data.epochs import EpochDataset
from kerasalign.training import train

STEPS = 3


class Lines(EpochDataset):
    """Batches of a linear function; NaN in the targets of one step `(epoch, index)`."""

    def __init__(self, spoilt: tuple[int, int] | None):
        super().__init__()
        self.spoilt, self._steps = spoilt, STEPS
        self.set_epoch(0)

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """As in `EpochDataset`."""
        x = np.random.default_rng([epoch, index]).normal(size=(4, 3)).astype("float32")
        y = x.sum(1, keepdims=True)
        return x, y * np.float32("nan") if (epoch, index) == self.spoilt else y


def fit(run: Path, epochs: int, rate: float = 0.01, spoilt: tuple[int, int] | None = None) -> list[np.ndarray]:
    """Trains a line in a run folder, or goes on; its weights."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer, steps = keras.optimizers.SGD(rate), epochs * STEPS
    options = {"recipe": "lines", "settings": {}, "watch": "loss", "loss": "mse", "verbose": 0, "run_eagerly": True}
    return train(model, Lines(spoilt), None, run, optimizer=optimizer, steps=steps, **options).get_weights()
