"""Training scenes that are composed while the network trains."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Lock

import cv2
import numpy as np

from kerasalign.data.epochs import EpochDataset
from kerasalign.detection.training.crowd import Crowd

#: Batches that each worker composes in advance.
_PREFETCH = 2


class CrowdStream(EpochDataset):
    """Yields `(pictures, faces)`: `(B, S, S, 3)` uint8 and `(B, M, 17)` float32, as `FaceDetector` takes them.

    Batch `i` of epoch `e` depends on the arguments, `e` and `i` only, as in `FaceLoader`: a run that is continued gets
    the batches that it would have got.

    Args:
        crowd: Composes the scenes.
        batch_size: Scenes per batch.
        steps_per_epoch: Batches per epoch.
        first: Number of the first scene.
        processes: Number of processes that compose; 1: a thread of this process composes.
        **kwargs: As in `keras.utils.PyDataset`.

    Raises:
        ValueError: If a number is not positive.

    Example:

        crowd = Crowd(HeadPool("heads"), CrowdConfig(backgrounds="photos"), seed=0)
        network.fit(CrowdStream(crowd), epochs=10, shuffle=False)
    """

    thread_attributes = ("_executor", "_pending", "_lock")

    def __init__(
        self,
        crowd: Crowd,
        batch_size: int = 32,
        steps_per_epoch: int = 200,
        first: int = 0,
        processes: int = 1,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("batch_size", batch_size), ("steps_per_epoch", steps_per_epoch), ("processes", processes)):
            if int(value) != value or value < 1:
                raise ValueError(f"`{name}` must be a whole number from 1 up. Received: {name}={value!r}")
        self.crowd, self.batch_size, self.first = crowd, int(batch_size), int(first)
        self._steps, self._processes = int(steps_per_epoch), int(processes)
        self.set_epoch(0)

    def start_threads(self) -> None:
        """As in `EpochDataset`."""
        self._executor = _executor(self._processes, self.crowd)
        self._pending: dict[int, Future] = {}
        self._lock = Lock()

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `index` of any epoch."""
        self.check_index(index)
        number = epoch * self._steps + index
        self.own_threads()
        with self._lock:
            self._pending = {other: batch for other, batch in self._pending.items() if other >= number}
            for other in range(number, number + 1 + _PREFETCH * self._processes):
                if other not in self._pending:
                    start = self.first + other * self.batch_size
                    self._pending[other] = _submit(self._executor, self.crowd, range(start, start + self.batch_size))
            pending = self._pending[number]
        return pending.result()


def compose_scenes(crowd: Crowd, numbers: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """The scenes of these numbers as one batch: images `(B, S, S, 3)` and faces `(B, M, 17)`."""
    pictures, faces = zip(*(crowd.scene(number) for number in numbers))
    return np.array(pictures), np.array(faces)


_state: dict = {}


def _executor(processes: int, crowd: Crowd):
    if processes == 1:
        return ThreadPoolExecutor(1, "crowd")
    # Not forked: OpenCV and the backend have threads.
    return ProcessPoolExecutor(processes, get_context("spawn"), _start, (crowd,))


def _start(crowd: Crowd) -> None:
    cv2.setNumThreads(1)
    _state["crowd"] = crowd


def _work(numbers: range) -> tuple[np.ndarray, np.ndarray]:
    return compose_scenes(_state["crowd"], numbers)


def _submit(executor, crowd: Crowd, numbers: range) -> Future:
    if isinstance(executor, ThreadPoolExecutor):
        return executor.submit(compose_scenes, crowd, numbers)
    return executor.submit(_work, numbers)
