"""Checks of what `fit`, `evaluate` and `predict` get, before the first step runs.

A wrong shape inside a compiled step gives an error of the backend, and TensorFlow then compiles later steps for shapes
that fit both, which fails as well.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kerasalign.support.checks import shown
from kerasalign.support.pixels import check_crop_values

# So many crops of an array are looked at for their values.
_LOOKED_AT = 64


def check_source(source: Any, target: Any, size: int, points: int, with_target: bool = True) -> Any:
    """Checks what `fit` takes as `x` and `y`.

    Args:
        source: Arrays or tensors, a `tf.data.Dataset`, a `PyDataset`, or a generator of batches.
        target: Arrays or tensors that belong to it, or `None`.
        size: Side of the model's crop.
        points: Number of landmarks.
        with_target: Whether there must be a target.

    Returns:
        `source`; a generator that yields the batch that was looked at once more.

    Raises:
        ValueError: If crops are not `(B, S, S, 3)` in 0..255, or targets not `(B, N, 2)` in pixels of the crop.
    """
    if source is None:
        return source
    if hasattr(source, "element_spec"):
        # A distributed data set has specs of each device's part, without a shape.
        if all(hasattr(leaf, "shape") for leaf in keras.tree.flatten(source.element_spec)):
            _check_batch(source.element_spec, size, points, with_target)
    elif isinstance(source, keras.utils.PyDataset):
        # The library's own loaders make batches of their markup and crop, which takes a while.
        if not hasattr(source, "epoch_callback") and source.num_batches != 0:
            _check_batch(source[0], size, points, with_target)
    elif isinstance(source, types.GeneratorType):
        first = next(source, None)
        if first is None:
            return source
        _check_batch(first, size, points, with_target)
        return _again(first, source)
    elif isinstance(source, (list, tuple, Mapping)) or hasattr(source, "shape"):
        check_crops_and_target(source, target, size, points, with_target)
    return source


def check_crops_and_target(crops: Any, target: Any, size: int, points: int, with_target: bool = True) -> None:
    """Checks arrays, tensors or specs of crops and their target; see `check_source`."""
    crops = _single(crops)
    if not hasattr(crops, "shape"):
        crops = np.asarray(crops)
    shape = _shape(crops)
    if shape is not None and not _fits(shape, (None, size, size, 3)):
        raise ValueError(f"Crops must be (B, {size}, {size}, 3). Received: x of shape {shape}")
    if _has_values(crops):
        check_crop_values(_numpy(crops[:_LOOKED_AT]))
    if not with_target:
        return
    if target is None:
        raise ValueError(f"Crops need landmarks (B, {points}, 2) as target. Received: y=None")
    target = _single(target)
    if not hasattr(target, "shape"):
        target = np.asarray(target)
    shape_of_target = _shape(target)
    if shape_of_target is None or shape is None:
        return
    if not _fits(shape_of_target, (shape[0], points, 2)):
        batch = "B" if shape[0] is None else shape[0]
        raise ValueError(
            f"The target must be landmarks ({batch}, {points}, 2), x then y, in pixels of the crop, NaN where a point "
            f"is not annotated. Received: y of shape {shape_of_target}"
        )
    if _has_values(target):
        _check_pixels(_numpy(target[:_LOOKED_AT]), size)


def _check_batch(batch: Any, size: int, points: int, with_target: bool) -> None:
    crops, target, *_ = [*batch, None] if isinstance(batch, (tuple, list)) else (batch, None)
    check_crops_and_target(crops, target, size, points, with_target)


def _check_pixels(landmarks: np.ndarray, size: int) -> None:
    known = landmarks[np.isfinite(landmarks)]
    if np.isinf(landmarks).any():
        raise ValueError("The target must be finite, or NaN where a point is not annotated. Received: infinite values")
    if len(known) and np.abs(known).max() <= 1.5 and size > 8:
        raise ValueError(
            f"The target must be in pixels of the crop, of side {size}. "
            f"Received: values in {known.min():.3g}..{known.max():.3g}"
        )


def _again(first: Any, rest: Iterator) -> Iterator:
    yield first
    yield from rest


def _single(value: Any) -> Any:
    """The one array of a list, tuple or mapping that holds nothing else, as Keras takes them."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)) and len(value) == 1 and hasattr(value[0], "shape"):
        return value[0]
    several = [item for item in value if hasattr(item, "shape")] if isinstance(value, (list, tuple)) else []
    if any(len(_shape(item) or ()) > 3 for item in several):
        raise ValueError(f"Crops are one array (B, S, S, 3). Received: {len(value)} arrays, {shown(type(value))}")
    return value


def _shape(value: Any) -> tuple[int | None, ...] | None:
    shape = value.shape
    return None if getattr(shape, "rank", 0) is None else tuple(shape)


def _fits(shape: tuple[int | None, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(a is None or b is None or a == b for a, b in zip(shape, expected))


def _has_values(value: Any) -> bool:
    """Whether it is an array or tensor with values, not the description of one."""
    return isinstance(value, np.ndarray) or keras.ops.is_tensor(value)


def _numpy(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else np.asarray(keras.ops.convert_to_numpy(value))


def check_metrics(argument: str, metrics) -> None:
    """Raises unless metrics for `compile` are of the landmarks, and can be told from the model's own."""
    if isinstance(metrics, Mapping) and set(metrics) - {"landmarks"}:
        raise ValueError(f"`{argument}` compare landmarks, the only target. Received: {argument} of {sorted(metrics)}")
    taken = {getattr(metric, "name", None) for metric in keras.tree.flatten(metrics)} & {"loss", "nme"}
    if taken:
        raise ValueError(
            f"`{argument}` must have names of their own: the model reports 'loss' and 'nme'. "
            f"Received: {argument} named {sorted(map(str, taken))}"
        )
