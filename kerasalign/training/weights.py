"""Weights of a network in training: the averaged ones, and files of the network alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from kerasalign.support.files import reserve, written_beside

Model = TypeVar("Model", bound=keras.Model)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Puts the averaged weights of the optimizer into a model while the block runs.

    The weights stay as they are where the optimizer averages none.
    """
    optimizer = model.optimizer
    if optimizer is None or not optimizer.use_ema:
        yield
        return
    own_weights = model.get_weights()
    try:
        optimizer.finalize_variable_values(model.trainable_variables)
        yield
    finally:
        model.set_weights(own_weights)


def without_optimizer(model: Model, dtype: str = "float32") -> Model:
    """Returns a new, uncompiled network with the config of a model, in another dtype; its weights are random."""
    return type(model).from_config(model.get_config() | {"dtype": dtype})


def save_weights(model: keras.Model, path: str | Path, dtype: str = "float32") -> None:
    """Writes a `.weights.h5` file of the network alone, without the optimizer, whole or not at all.

    Args:
        model: The network.
        path: The file, which ends in `.weights.h5`.
        dtype: Type of the numbers in the file. A `"float16"` file is half as large, and loads into a float32 model.
    """
    write_weights(model, without_optimizer(model, dtype), path, dtype)


def write_weights(model: keras.Model, copy: keras.Model, path: str | Path, dtype: str = "float32") -> None:
    """Writes the weights of a model by a copy of it that `without_optimizer` made.

    The copy has the weights, rounded to this dtype, afterwards.
    """
    weights = model.get_weights()
    # In place: the list of a `LandmarkModel` also says where the weights come from.
    weights[:] = [np.asarray(weight, dtype) for weight in weights]
    copy.set_weights(weights)
    with weights_file(path, copy.variables) as draft:
        copy.save_weights(draft)


@contextmanager
def weights_file(path: str | Path, variables: Iterable[Any]) -> Iterator[Path]:
    """As `written_beside`, for a file of Keras' weights: its space is reserved before.

    HDF5 does not survive a disk that becomes full while it writes: it can end the process.

    Args:
        path: The file.
        variables: What the file will hold.

    Raises:
        OSError: If there is no space for the file, or it cannot be written; an older file stays as it was.
    """
    # HDF5 adds some hundred bytes for each of the names.
    size = sum(math.prod(v.shape) * _item_size(v.dtype) + 4096 for v in variables)
    with written_beside(path) as draft:
        reserve(draft, size, f"{path}; what was saved before stays")
        try:
            yield draft
        except RuntimeError as error:  # h5py's, for what the file system refuses
            raise OSError(f"{path} cannot be written: {error}") from error


def _item_size(dtype: str) -> int:
    return {"float64": 8, "int64": 8, "uint64": 8, "float16": 2, "bfloat16": 2}.get(dtype, 4)
