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
    stages = _stages(model, crops.dtype.name)
    parts = [_run(model, stages, crops[i : i + batch_size], batch_size) for i in range(0, len(crops), batch_size)]
    if not parts:
        parts = [_empty(model, 0)]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def stage_networks(model, dtype: str) -> list[keras.Model]:
    """One network per iteration for crops of a dtype.

    The first takes crops. Each further one takes the same crops with their statistics, what the iteration before
    gave, and two lists of rows: of the crops, and of that iteration's faces, which are to go on.

    Args:
        model: A `MuSiCa`.
        dtype: Type of the crops.

    Returns:
        Networks with the inputs `crops`, and, after the first, `mean`, `scale`, `last_shift`, `last_state`, `rows`
        and `going`, in this order, and dicts as outputs: of `MuSiCaIteration`, the first with `mean` and `scale`.
    """
    size, points = model.crop_spec.size, model.num_landmarks
    # An input of the crops' own dtype: the last iterations copy patches without making floats of whole crops.
    crops = keras.Input((size, size, 3), dtype=dtype, name="crops")
    mean, scale = keras.Input((1,), name="mean"), keras.Input((1,), name="scale")
    shift = keras.Input((points, 2), name="last_shift")
    state = keras.Input((model.hidden,), dtype=model.cascade[0].compute_dtype, name="last_state")
    rows, going = (keras.Input((), dtype="int32", name=name) for name in ("rows", "going"))
    networks = []
    for number, (iteration, level) in enumerate(zip(model.cascade, model.pyramid)):
        if number == 0:
            statistics = model.statistics(crops)
            out = run_iteration(iteration, level, crops, *statistics)
            networks.append(keras.Model(crops, out | {"mean": statistics[0], "scale": statistics[1]}))
        else:
            of_crops = [ops.take(value, rows, axis=0) for value in (crops, mean, scale)]
            of_faces = [ops.take(value, going, axis=0) for value in (shift, state)]
            out = run_iteration(iteration, level, *of_crops, *of_faces)
            networks.append(keras.Model([crops, mean, scale, shift, state, rows, going], out))
    return networks


def _stages(model, dtype: str):
    """The compiled networks, made once."""
    cache = getattr(model, "_compiled_stages", None)
    if cache is None:
        # Kept out of Keras' attribute tracking: it is a cache, not a part of the model.
        cache = {}
        object.__setattr__(model, "_compiled_stages", cache)
    if dtype not in cache:
        cache[dtype] = [compiled(network) for network in stage_networks(model, dtype)]
    return cache[dtype]


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
    images = ops.convert_to_tensor(pad_rows(crops, bucket(len(crops), batch_size)))
    out = stages[0](images)
    fixed = [images, out["mean"], out["scale"]]
    for number in range(len(stages)):
        error = 100.0 * ops.convert_to_numpy(out["error"])[: len(active)]
        result["landmarks"][active] = ops.convert_to_numpy(out["landmarks"])[: len(active)]
        result["error"][active] = error
        result["iterations"][active] = number + 1
        going = np.flatnonzero(error >= model.success_threshold)
        if number + 1 == len(stages) or not len(going):
            break
        active = active[going]
        # Where shapes are few, rows are repeated up to the next one.
        size = bucket(len(active), batch_size)
        rows = [ops.convert_to_tensor(np.resize(index, size).astype("int32")) for index in (active, going)]
        out = stages[number + 1]([*fixed, out["shift"], out["state"], *rows])
    if model.failure_threshold is not None:
        last = result["iterations"] == len(model.cascade)
        result["failed"] = last & (result["error"] > model.failure_threshold)
    return result
