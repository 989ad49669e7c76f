"""Training on several devices of one machine, each of which takes its share of every batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np

from kerasalign.training.weights import without_optimizer

Model = TypeVar("Model", bound=keras.Model)


@dataclass(frozen=True)
class Devices:
    """The devices of a training; make it with `training_devices`.

    Args:
        count: Number of devices.
        scope: Makes the context in which network and optimizer are made and `fit` runs.
        collective: Whether TensorFlow adds values by collective operations. It then mixes up those of batch
            normalization with those of the gradients.

    Example:

        devices = training_devices("all", batch_size=64)
        with devices.scope():
            model = train(devices.synchronized(config.build()), loader, None, "runs/all", optimizer=..., ...)
        model = devices.detached(model)
    """

    count: int = 1
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext
    collective: bool = False

    def synchronized(self, model: Model) -> Model:
        """Lets batch normalization use the mean of the whole batch instead of one device's share; returns the model.

        Under JAX it does so by itself.

        Raises:
            ValueError: If TensorFlow's devices cannot do that.
        """
        if self.count == 1 or keras.backend.backend() != "tensorflow":
            return model
        norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
        if norms and self.collective:
            raise ValueError(
                "A network with batch normalization needs a strategy without collective operations: "
                'tf.distribute.MirroredStrategy(cross_device_ops=tf.distribute.ReductionToOneDevice()), or "all" as '
                f"`distribution`. Received: {type(model).__name__} with {len(norms)} such layers"
            )
        for layer in norms:
            layer.synchronized = True
        return model

    def whole_batches(self, loader: keras.utils.PyDataset) -> keras.utils.PyDataset:
        """Validation data whose batches can be divided among the devices; see `WholeBatches`."""
        return WholeBatches(loader, self.count) if self.count > 1 else loader

    def detached(self, model: Model) -> Model:
        """The trained network on one device, as if it had been trained there; it is not compiled."""
        if self.count == 1:
            return model
        single = without_optimizer(model)
        single.set_weights(model.get_weights())
        return single


class WholeBatches(keras.utils.PyDataset):
    """Batches of a loader, filled up to a multiple of some number by faces of weight 0.

    Args:
        loader: Yields `(images, landmarks)`.
        multiple: The number.
    """

    def __init__(self, loader: keras.utils.PyDataset, multiple: int) -> None:
        super().__init__(workers=loader.workers, max_queue_size=loader.max_queue_size)
        self.loader, self.multiple = loader, multiple

    def __len__(self) -> int:
        return len(self.loader)  # pyright: ignore[reportArgumentType]  # loaders have a length

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        images, landmarks = self.loader[index]
        weights = np.ones(len(images), "float32")
        missing = -len(images) % self.multiple

        def filled(array: np.ndarray, row: Any) -> np.ndarray:
            return np.concatenate([array, np.repeat(row, missing, axis=0)]) if missing else array

        return filled(images, images[-1:]), filled(landmarks, landmarks[-1:]), filled(weights, np.zeros(1, "float32"))


def training_devices(distribution: Any, batch_size: int) -> Devices:
    """Finds the devices to train on, and checks that the backend can share a batch among them.

    Args:
        distribution: `None`: one device, chosen by the backend. `"all"`: all GPUs, or where there are none all CPU
            devices. A number: so many of these. Or the backend's own object: a `keras.distribution.DataParallel` under
            JAX, a `tf.distribute.MirroredStrategy` under TensorFlow.
        batch_size: Faces per step, over all devices together.

    Raises:
        ValueError: If the backend cannot do it, there are not so many devices, or they cannot share a batch equally.
    """
    if distribution is None:
        return Devices()
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax"):
        raise ValueError(
            "Training on several devices needs TensorFlow or JAX: set KERAS_BACKEND before the start, or leave out "
            f"`distribution`. Received: distribution={distribution!r} on the backend {backend!r}"
        )
    if isinstance(distribution, (str, int)):
        names = _names(distribution)
        if len(names) == 1:
            return Devices()
        devices = _mirrored(names) if backend == "tensorflow" else _parallel(names)
    else:
        devices = _own_mirrored(distribution) if backend == "tensorflow" else _own_parallel(distribution)
    if batch_size % devices.count:
        raise ValueError(
            f"`batch_size` must be a multiple of the {devices.count} devices, which take equal shares of it. "
            f"Received: batch_size={batch_size}"
        )
    return devices


def _names(distribution: str | int) -> list[str]:
    """Names of the devices, such as `["gpu:0", "gpu:1"]`."""
    names = keras.distribution.list_devices()
    if distribution == "all":
        return names
    if isinstance(distribution, (str, bool)) or not 1 <= distribution <= len(names):
        raise ValueError(
            f'`distribution` must be "all", a number from 1 to {len(names)}, or the backend\'s own object. This '
            f"machine has {names}. Received: distribution={distribution!r}"
        )
    return names[:distribution]


def _mirrored(names: list[str]) -> Devices:
    import tensorflow as tf

    # TensorFlow's default is collective operations; see `Devices`.
    reduction = tf.distribute.ReductionToOneDevice()
    return _own_mirrored(tf.distribute.MirroredStrategy([f"/{name}" for name in names], reduction))


def _own_mirrored(strategy: Any) -> Devices:
    import tensorflow as tf

    if type(strategy) is not tf.distribute.MirroredStrategy:
        raise ValueError(
            "Under TensorFlow `distribution` is a tf.distribute.MirroredStrategy: Keras trains with no other. For more "
            f"than one machine there is none here. Received: distribution={strategy!r}"
        )
    operations = getattr(strategy.extended, "_cross_device_ops", None)
    safe = isinstance(operations, (tf.distribute.ReductionToOneDevice, tf.distribute.HierarchicalCopyAllReduce))
    return Devices(strategy.num_replicas_in_sync, strategy.scope, collective=not safe)


def _parallel(names: list[str]) -> Devices:
    return _own_parallel(keras.distribution.DataParallel(devices=names))


def _own_parallel(distribution: Any) -> Devices:
    import jax

    if not isinstance(distribution, keras.distribution.DataParallel):
        raise ValueError(
            "Under JAX `distribution` is a keras.distribution.DataParallel; a network here fits into one device and "
            f"is not divided. Received: distribution={distribution!r}"
        )
    if jax.process_count() > 1:
        raise ValueError(
            "Training runs in one process with all devices of its machine: every process would read all faces. "
            f"Received: distribution={distribution!r} in {jax.process_count()} processes"
        )
    return Devices(int(distribution.device_mesh.devices.size), distribution.scope)
