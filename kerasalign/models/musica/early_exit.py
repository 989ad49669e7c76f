"""Inference that saves the compute of finished faces."""

from __future__ import annotations

import numpy as np
from keras import ops

from kerasalign.models.compiled import bucket, compiled
from kerasalign.models.landmark_model import pad_rows


def predict_selectively(model, crops: np.ndarray, batch_size: int = 64) -> dict[str, np.ndarray]:
    """Runs a `MuSiCa` iteration by iteration; a face whose estimate is below T_s leaves the batch.

    Args:
        model: A `MuSiCa` with a `success_threshold`.
        crops: `(B, S, S, 3)`.
        batch_size: Crops per pass.

    Returns:
        Dict of `landmarks` `(B, N, 2)`, `error` `(B,)` percent, `iterations` `(B,)` and `failed` `(B,)`.

    Reference: arXiv 2108.00377, section 3.2.
    """
    stages = _stages(model)
    parts = [_run(model, stages, crops[i : i + batch_size], batch_size) for i in range(0, len(crops), batch_size)]
    if not parts:
        parts = [_empty(model, 0)]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _stages(model):
    if getattr(model, "_compiled_stages", None) is None:
        stages = compiled(model.prepare), [compiled(iteration) for iteration in model.cascade]
        object.__setattr__(model, "_compiled_stages", stages)
    return model._compiled_stages


def _empty(model, count: int) -> dict[str, np.ndarray]:
    return {
        "landmarks": np.zeros((count, model.num_landmarks, 2), "float32"),
        "error": np.zeros(count, "float32"),
        "iterations": np.zeros(count, "int32"),
        "failed": np.zeros(count, bool),
    }


def _run(model, stages, crops: np.ndarray, batch_size: int) -> dict[str, np.ndarray]:
    prepare, cascade = stages
    result = _empty(model, len(crops))
    images = prepare(pad_rows(crops, bucket(len(crops), batch_size)))
    active = np.arange(len(crops))
    out = cascade[0](images[0])
    for number in range(len(cascade)):
        error = 100.0 * ops.convert_to_numpy(out["error"])[: len(active)]
        result["landmarks"][active] = ops.convert_to_numpy(out["landmarks"])[: len(active)]
        result["error"][active] = error
        result["iterations"][active] = number + 1
        going = np.flatnonzero(error >= model.success_threshold)
        if number + 1 == len(cascade) or not len(going):
            break
        active = active[going]
        # Rows are repeated up to a power of two: few shapes, so few compilations.
        size = bucket(len(active), batch_size)
        out = cascade[number + 1](
            ops.take(images[number + 1], np.resize(active, size), axis=0),
            ops.take(out["shift"], np.resize(going, size), axis=0),
            ops.take(out["state"], np.resize(going, size), axis=0),
        )
    if model.failure_threshold is not None:
        last = result["iterations"] == len(cascade)
        result["failed"] = last & (result["error"] > model.failure_threshold)
    return result
