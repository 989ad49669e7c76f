"""Means over the faces of a batch, weighted where there are weights."""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.core.compiled import replicas, sum_over_replicas


def weighted_mean(losses, sample_weight=None):
    """Mean of the faces' losses `(B,)`, weighted where there are weights.

    Where TensorFlow shares the batch among devices, it is this device's share of the mean over all of them.
    """
    if sample_weight is None:
        return ops.mean(losses) / replicas()
    weight = ops.convert_to_tensor(sample_weight, losses.dtype)
    _check_weights(weight.shape, losses.shape[0])
    weight = ops.reshape(weight, ops.shape(losses))
    return ops.sum(losses * weight) / ops.maximum(sum_over_replicas(ops.sum(weight)), keras.config.epsilon())


def _check_weights(shape, faces: int | None) -> None:
    """Raises unless weights are one number per face, as far as a traced step knows it."""
    if getattr(shape, "rank", 0) is None:
        return
    shape = tuple(shape)
    if not shape or set(shape[1:]) - {1} or len({shape[0], faces} - {None}) > 1:
        raise ValueError(f"`sample_weight` must be (B,), one number per face. Received: shape {shape}")
