"""Inference that saves the compute of finished faces."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerasalign.models.compiled import bucket, compiled
from kerasalign.models.landmark_model import pad_rows
from kerasalign.models.musica.musica import run_iteration


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
    """One compiled network per iteration, from crops and what the iteration before left."""
    if getattr(model, "_compiled_stages", None) is None:
        size, points = model.crop_spec.size, model.num_landmarks
        crops = keras.Input((size, size, 3), name="crops")
        mean, scale = keras.Input((1,), name="mean"), keras.Input((1,), name="scale")
        shift, state = keras.Input((points, 2), name="shift"), keras.Input((model.hidden,), name="state")
        stages = []
        for number, (iteration, level) in enumerate(zip(model.cascade, model.pyramid)):
            if number == 0:
                statistics = model.statistics(crops)
                out = run_iteration(iteration, level, crops, *statistics)
                out |= {"mean": statistics[0], "scale": statistics[1]}
                stages.append(compiled(keras.Model(crops, out)))
            else:
                out = run_iteration(iteration, level, crops, mean, scale, shift, state)
                stages.append(compiled(keras.Model([crops, mean, scale, shift, state], out)))
        # Kept out of Keras' attribute tracking: it is a cache, not a part of the model.
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
    result = _empty(model, len(crops))
    active = np.arange(len(crops))
    out = stages[0](pad_rows(crops, bucket(len(crops), batch_size)))
    statistics = out["mean"], out["scale"]
    for number in range(len(stages)):
        error = 100.0 * ops.convert_to_numpy(out["error"])[: len(active)]
        result["landmarks"][active] = ops.convert_to_numpy(out["landmarks"])[: len(active)]
        result["error"][active] = error
        result["iterations"][active] = number + 1
        going = np.flatnonzero(error >= model.success_threshold)
        if number + 1 == len(stages) or not len(going):
            break
        active = active[going]
        # Rows are repeated up to a power of two: few shapes, so few compilations.
        size = bucket(len(active), batch_size)
        rows = np.resize(active, size)
        inputs = [ops.convert_to_tensor(crops[rows])]
        inputs += [ops.take(value, rows, axis=0) for value in statistics]
        inputs += [ops.take(out[key], np.resize(going, size), axis=0) for key in ("shift", "state")]
        out = stages[number + 1](inputs)
    if model.failure_threshold is not None:
        last = result["iterations"] == len(model.cascade)
        result["failed"] = last & (result["error"] > model.failure_threshold)
    return result
