"""Compiles the forward pass of a layer with whatever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from kerasalign.support.forks import note_network


def compiled(layer: keras.layers.Layer) -> Callable[..., Any]:
    """Returns a function of tensors that runs `layer(*args, training=False)` without Python overhead.

    The layer's current weights are used at every call. Each new input shape may compile anew: callers keep
    the number of shapes small (see `bucket`).
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        # TensorFlow counts traces by the code of a function, and would warn of too many where several networks share a
        # lambda's. A partial has no code: each network is counted by itself.
        return tf.function(partial(layer, training=False), reduce_retracing=True, jit_compile=False)
    if backend == "jax":
        import jax

        forward = jax.jit(lambda weights, state, *args: layer.stateless_call(weights, state, *args, training=False)[0])
        return lambda *args: forward(
            [v.value for v in layer.trainable_variables], [v.value for v in layer.non_trainable_variables], *args
        )
    if backend == "torch":
        import torch  # pyright: ignore[reportMissingImports]  # a backend that few have

        def call(*args):
            with torch.no_grad():
                return layer(*args, training=False)

        return call
    return lambda *args: layer(*args, training=False)


def replicas() -> int:
    """Number of devices that share each batch under TensorFlow's strategies; elsewhere 1.

    TensorFlow adds the gradients of all of them: each one's loss is divided by it, as Keras does with its own losses.
    """
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def sum_over_replicas(value):
    """The sum of a tensor over the devices that share the batch; the tensor itself where `replicas()` is 1."""
    if replicas() == 1:
        return value
    import tensorflow as tf

    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


def bucket(count: int, largest: int) -> int:
    """Rows to pad a batch of `count` to, at most `largest`: few shapes where each one compiles anew.

    Under JAX the next power of two; TensorFlow and PyTorch take any number of rows as it is, but not none.
    """
    if keras.backend.backend() != "jax":
        return max(count, 1)
    return min(1 << max(count - 1, 0).bit_length(), largest)


def pad_rows(array: np.ndarray, rows: int) -> np.ndarray:
    """Appends rows of zeros until the array has `rows` rows."""
    missing = max(rows - len(array), 0)
    return np.concatenate([array, np.zeros((missing, *array.shape[1:]), array.dtype)]) if missing else array


def predict_in_batches(
    function: Callable[[Any], Mapping[str, Any]],
    array: np.ndarray,
    batch_size: int,
    outputs: Container[str] | None = None,
) -> dict[str, np.ndarray]:
    """Runs a compiled function over an array, batch by batch.

    Args:
        function: Takes b rows of the array and returns tensors by name, each of b rows; see `compiled`.
        array: `(B, ...)`; B may be 0.
        batch_size: Rows per call. A smaller last batch is padded to one of the few sizes of `bucket`.
        outputs: Names of the tensors to keep, as far as there are any; the others are not copied to numpy. `None`: all.

    Returns:
        Arrays of B rows, by name.

    Raises:
        ForkedNetwork: If this process was forked from one that had made a network.
    """
    note_network()
    parts = []
    for start in range(0, max(len(array), 1), batch_size):
        batch = array[start : start + batch_size]
        result = function(pad_rows(batch, bucket(len(batch), batch_size)))
        parts.append(
            {
                name: np.asarray(keras.ops.convert_to_numpy(value))[: len(batch)]
                for name, value in result.items()
                if outputs is None or name in outputs
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
