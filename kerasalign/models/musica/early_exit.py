"""Early exit: inference in which finished faces leave the batch."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerasalign.core.compiled import bucket, compiled, pad_rows
from kerasalign.layers.rows import take_rows
from kerasalign.models.musica.exit_rule import failed, finished
from kerasalign.models.musica.pyramid import image_pyramid


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

    The first takes crops and computes the pyramid for all iterations. Each further one takes the image of its level, or
    the crops with their statistics; the outputs of the iteration before; and two lists of row numbers of the faces that
    go on: among the crops, and among the faces of that iteration.

    Args:
        model: A `MuSiCa`.
        dtype: Type of the crops.

    Returns:
        Networks with the inputs `crops`, and, after the first, `level_1` and so on, or `crops`, `mean` and `scale`;
        then `last_shift`, `last_state`, `rows` and `going`. Outputs are those of `MuSiCaIteration`; the first network
        adds the images and statistics that the others take.
    """
    size, points, levels = model.config.size, model.num_landmarks, model.config.levels
    # An input of the crops' own dtype: the last iterations copy patches without making floats of whole crops.
    crops = keras.Input((size, size, 3), dtype=dtype, name="crops")
    statistics = model.statistics(crops)
    images = image_pyramid(model.pyramid, crops, *statistics)
    image, *own = images[levels[0]]
    out = model.cascade[0](image, None, None, *own)
    shared = {"mean": statistics[0], "scale": statistics[1]}
    shared |= {f"level_{level}": images[level][0] for level in sorted({*levels[1:]} - {0})}
    networks = [keras.Model(crops, out | shared)]
    given = {name: keras.Input(value.shape[1:], dtype=value.dtype, name=name) for name, value in shared.items()}
    given["crops"] = crops
    shift = keras.Input((points, 2), name="last_shift")
    state = keras.Input((model.config.hidden,), dtype=model.cascade[0].compute_dtype, name="last_state")
    rows, going = (keras.Input((), dtype="int32", name=name) for name in ("rows", "going"))
    for iteration, level in zip(model.cascade[1:], levels[1:]):
        inputs = [given[name] for name in ((f"level_{level}",) if level else ("crops", "mean", "scale"))]
        image, *own = (_Rows()(value, rows) for value in inputs)
        out = iteration(image, _Rows()(shift, going), _Rows()(state, going), *own)
        networks.append(keras.Model([*inputs, shift, state, rows, going], out))
    return networks


class _Rows(keras.layers.Layer):
    """`take_rows` as a layer."""

    def __init__(self):
        super().__init__(autocast=False)

    def call(self, values, numbers):
        return take_rows(values, numbers)

    def compute_output_spec(self, values, numbers):
        return keras.KerasTensor((numbers.shape[0], *values.shape[1:]), values.dtype)


def _stages(model, dtype: str):
    """The compiled networks and the names of their inputs; compiled once per model and dtype."""
    cache = getattr(model, "_compiled_stages", None)
    if cache is None:
        # Kept out of Keras' attribute tracking: it is a cache, not a part of the model.
        cache = {}
        object.__setattr__(model, "_compiled_stages", cache)
    if dtype not in cache:
        networks = stage_networks(model, dtype)
        cache[dtype] = [(compiled(network), [value.name for value in network.inputs]) for network in networks]
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
    out = stages[0][0](images)
    fixed = {"crops": images} | out
    for number in range(len(stages)):
        error = 100.0 * ops.convert_to_numpy(out["error"])[: len(active)]
        result["landmarks"][active] = ops.convert_to_numpy(out["landmarks"])[: len(active)]
        result["error"][active] = error
        result["iterations"][active] = number + 1
        going = np.flatnonzero(~finished(error, model.success_threshold))
        if number + 1 == len(stages) or not len(going):
            break
        active = active[going]
        # Where shapes are few, rows are repeated up to the next one.
        size = bucket(len(active), batch_size)
        rows = [ops.convert_to_tensor(np.resize(index, size).astype("int32")) for index in (active, going)]
        given = fixed | dict(zip(("last_shift", "last_state", "rows", "going"), (out["shift"], out["state"], *rows)))
        network, names = stages[number + 1]
        out = network([given[name] for name in names])
    last = result["iterations"] == len(model.cascade)
    result["failed"] = failed(result["error"], last, model.failure_threshold)
    return result
