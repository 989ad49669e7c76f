"""Compiles the forward pass of a layer with whatever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable

import keras


def compiled(layer: keras.layers.Layer) -> Callable:
    """Returns a function of tensors that runs `layer(*args, training=False)` without Python overhead.

    The layer's current weights are used at every call. Each new input shape may compile anew: callers keep
    the number of shapes small (see `bucket`).
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda *args: layer(*args, training=False), reduce_retracing=True, jit_compile=False)
    if backend == "jax":
        import jax

        forward = jax.jit(lambda weights, state, *args: layer.stateless_call(weights, state, *args, training=False)[0])
        return lambda *args: forward(
            [v.value for v in layer.trainable_variables], [v.value for v in layer.non_trainable_variables], *args
        )
    if backend == "torch":
        import torch

        def call(*args):
            with torch.no_grad():
                return layer(*args, training=False)

        return call
    return lambda *args: layer(*args, training=False)


def bucket(count: int, largest: int) -> int:
    """Rows to pad a batch of `count` to, at most `largest`: few shapes where each one compiles anew.

    Under JAX the next power of two; TensorFlow and PyTorch take any number of rows as it is, but not none.
    """
    if keras.backend.backend() != "jax":
        return max(count, 1)
    return min(1 << max(count - 1, 0).bit_length(), largest)
