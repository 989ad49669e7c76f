"""The maps of SCC's semantic-guided attention, read out of a network."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerasalign.core.compiled import compiled, predict_in_batches

_PREFIX = "fusion_attention"


def attention_maps(model, crops: np.ndarray, kind: str = "features", batch_size: int = 32) -> dict[int, np.ndarray]:
    """Maximum over the channels of the attended maps of each fused level (figure 6).

    Args:
        model: An `SCC` with the graph head and more than one level.
        crops: `(B, S, S, 3)` uint8 or float in 0..255; B may be 0.
        kind: `"features"`, the maps after attention, as in the figure, or `"attention"`, the weights in 0..1 alone.
        batch_size: Crops per forward pass.

    Returns:
        Level of the backbone, the finest first, to `(B, h, w)` float32: at 256 px, 32x32 of level 3 and 16x16 of 4.

    Raises:
        ValueError: If the network has no attention, or `kind` is unknown.

    Reference: arXiv 2006.11697, section 3.1 and figure 6.
    """
    kinds = ("features", "attention")
    if kind not in kinds:
        raise ValueError(f"`kind` must be one of {kinds}. Received: kind={kind!r}")
    found = {
        int(layer.name.removeprefix(_PREFIX)): layer.output[kinds.index(kind)]
        for layer in model.layers
        if layer.name.startswith(_PREFIX)
    }
    if not found:
        raise ValueError(
            f"`model` must fuse levels by attention. Received: head={model.config.head!r}, levels={model.config.levels}"
        )
    outputs = {str(level): ops.max(ops.cast(values, "float32"), -1) for level, values in found.items()}
    forward = compiled(keras.Model(model.inputs, outputs))
    maps = predict_in_batches(forward, model.check_crops(crops), batch_size)
    return {level: maps[str(level)] for level in found}
