"""SCC for crops of another size, with the weights that it has."""

from __future__ import annotations

import numpy as np

from kerasalign.models.scc.network import SCC


def resize(network: SCC, size: int) -> SCC:
    """Makes the network for larger crops: one that learned on small, cheap crops goes on at the paper's size.

    A node sees cells of its maps. Twice the crop has four cells where one was: each takes a fourth of that one's
    weights. Landmarks are in pixels of the crop, so the last layer grows as the crop does.

    Args:
        network: The trained network.
        size: Side of the new crops in pixels, a whole multiple of the old.

    Returns:
        A new network; it knows the same origin.

    Raises:
        ValueError: If the size is no multiple of the network's, or the head is not a graph.

    Example:
        ```python
        large = resize(SCC(markup="98", size=128), 256)
        ```
    """
    config = network.config
    factor = size // config.size
    if config.head != "graph":
        raise ValueError("Only a network with a graph can be resized. Received: head='fc'")
    if factor < 1 or size % config.size:
        raise ValueError(f"`size` must be a multiple of {config.size}, the network's. Received: size={size!r}")
    large = config.replace(size=size).build()
    for variable, old in zip(large.weights, network.weights, strict=True):
        value = np.asarray(old.value)
        if "/graph_in/" in f"/{variable.path}" and value.ndim == 2:
            value = _spread(value, config.maps_per_node, factor)
        elif "/graph_out/" in f"/{variable.path}":
            value = value * factor + (value.ndim == 1) * (factor - 1) / 2
        variable.assign(value)
    return large.with_origin(network.origin)


def _spread(kernel: np.ndarray, maps: int, factor: int) -> np.ndarray:
    """A `(maps H W, C)` kernel for maps with factor times the rows and columns."""
    side = round((len(kernel) / maps) ** 0.5)
    cells = kernel.reshape(maps, side, side, -1)
    cells = cells.repeat(factor, 1).repeat(factor, 2) / factor**2
    return cells.reshape(-1, kernel.shape[-1])
