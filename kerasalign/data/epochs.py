"""Base of loaders whose batches depend on the epoch."""

from __future__ import annotations

import os
from threading import Lock
from typing import Any

import keras
import numpy as np

_starting = Lock()


class EpochDataset(keras.utils.PyDataset):
    """A `PyDataset` in which batch `i` of epoch `e` depends on the arguments, `e` and `i` alone.

    At the end of an epoch `fit` advances the loader. `epoch_callback` sets the loader to the epoch of `fit`, also if
    `initial_epoch` is not 0; without the callback, call `set_epoch` first.

    A subclass sets `_steps`, calls `set_epoch` at the end of its constructor, and implements `batch(epoch, index)`. One
    that uses threads makes them, their locks and their unfinished work in `start_threads`, names these attributes in
    `thread_attributes`, and calls `own_threads` before it uses them: neither a fork, as of
    `fit(use_multiprocessing=True)`, nor a pickle takes running threads along.
    """

    thread_attributes: tuple[str, ...] = ()
    _steps: int
    _epoch: int
    # The process that the threads run in.
    _process: int | None = None

    def start_threads(self) -> None:
        """Makes `thread_attributes` anew."""

    def own_threads(self) -> None:
        """Makes threads for this process, unless it has them."""
        with _starting:
            if self._process != os.getpid():
                self.start_threads()
                self._process = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in self.thread_attributes}
        return state | {"_process": None}

    @property
    def epoch(self) -> int:
        """The epoch of `loader[index]`."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, for example when a run resumes."""
        if int(epoch) != epoch or epoch < 0:
            raise ValueError(f"`epoch` must be a whole number from 0 up. Received: epoch={epoch!r}")
        self._epoch = int(epoch)
        self._begun = False
        self._fetched: set[int] = set()

    def epoch_callback(self) -> keras.callbacks.Callback:
        """A callback that sets the loader to the epoch that `fit` begins."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self.set_epoch(epoch))

    def on_epoch_begin(self) -> None:
        """Called by Keras. Several workers may already fetch batches, so the epoch must not change here."""
        self._begun = True

    def on_epoch_end(self) -> None:
        """Called by Keras, also after it took one batch to build the model, which is not an epoch."""
        if self._begun and len(self._fetched) == self._steps:
            self.set_epoch(self._epoch + 1)

    def check_index(self, index: int) -> None:
        """Raises `IndexError` if there is no batch `index` in an epoch."""
        if not 0 <= index < self._steps:
            raise IndexError(f"`index` must be in 0..{self._steps - 1}. Received: index={index!r}")

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        self._fetched.add(index)
        return self.batch(self._epoch, index)

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `index` of any epoch."""
        raise NotImplementedError(f"{type(self).__name__} must implement batch().")
