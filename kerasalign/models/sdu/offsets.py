"""The offsets of SDU's deformable convolutions, read out of a network."""

from __future__ import annotations

import keras
import numpy as np

from kerasalign.core.compiled import compiled, predict_in_batches
from kerasalign.layers import DeformConv2D


def predict_offsets(model, crops: np.ndarray, batch_size: int = 32) -> dict[str, np.ndarray]:
    """Offsets of every deformable convolution of a network.

    Args:
        model: An `SDU` with an inside transformer.
        crops: `(B, S, S, 3)` uint8 or float in 0..255; B may be 0.
        batch_size: Crops per forward pass.

    Returns:
        Name of the layer, in the order of the network, to `(B, H, W, G, T, 2)` float32: how far each of T taps is moved
        down, then right, in pixels of the layer's maps.

    Raises:
        ValueError: If the network has no deformable convolution.

    Example:

        offsets = predict_offsets(model, crops)["merge0_deformable"]      # (B, 64, 64, 1, 9, 2)

    Reference: SDU (arXiv 1812.01936), section 3.1.
    """
    found = {layer.name: layer for layer in model.layers if isinstance(layer, DeformConv2D)}
    if not found:
        raise ValueError(f"`model` must have deformable convolutions. Received: deformable={model.config.deformable}")
    network = keras.Model(model.inputs, {name: layer.input for name, layer in found.items()})
    forward = compiled(network)

    def offsets(batch):
        inputs = forward(batch)
        return {name: layer.predict_offsets(inputs[name]) for name, layer in found.items()}

    return predict_in_batches(offsets, model.check_crops(crops), batch_size)
