"""AAN for crops of another size, with the weights that it has."""

from __future__ import annotations

import numpy as np

from kerasalign.models.aan.network import AAN


def resize(network: AAN, size: int) -> AAN:
    """Makes the network for larger crops: one that learned on small, cheap crops goes on at the paper's size.

    Twice the crop has four features where one was: each takes a fourth of that one's weights. Landmarks and early
    predictions are in units of the crop: their weights need no change.

    Args:
        network: The trained network.
        size: Side of the new crops in pixels, a whole multiple of the old.

    Returns:
        A new network; it knows the same origin.

    Raises:
        ValueError: If the size is no multiple of the network's.

    Example:
        ```python
        large = resize(AAN(markup="68", size=64), 128)
        ```
    """
    config = network.config
    factor = size // config.size
    if factor < 1 or size % config.size:
        raise ValueError(f"`size` must be a multiple of {config.size}, the network's. Received: size={size!r}")
    large = config.replace(size=size).build()
    # The first weights after the last features; they are stored as multiples, which grow with the root of the number
    # of features.
    first = "landmarks_out/kernel" if config.embedding is None else "embedding/kernel"
    for variable, old in zip(large.weights, network.weights, strict=True):
        value = np.asarray(old.value)
        if variable.path.endswith(first):
            value = _spread(value, config.channels[-1], factor) / factor
        variable.assign(value)
    return large.with_origin(network.origin)


def _spread(kernel: np.ndarray, channels: int, factor: int) -> np.ndarray:
    """A `(H W C, N)` kernel for features with factor times the rows and columns."""
    side = round((len(kernel) / channels) ** 0.5)
    cells = kernel.reshape(side, side, channels, -1)
    return cells.repeat(factor, 0).repeat(factor, 1).reshape(-1, kernel.shape[-1])
