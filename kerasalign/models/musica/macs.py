"""Multiply-adds of MuSiCa, by the paper's convention and in full."""

from __future__ import annotations

import math


def _convolution(layer, side: int, channels: int) -> int:
    return (side - 2) ** 2 * 9 * channels * layer.filters


def _inverted_bottleneck(layer, side: int, channels: int) -> int:
    wide = layer.expansion * channels
    return side**2 * channels * wide + (side - 2) ** 2 * wide * (9 + layer.filters)


def _fc(layer, patches: int, features: int) -> int:
    return patches * (patches + features)


def _gcn(layer, patches: int, features: int) -> int:
    # The adjacency is multiplied as a full matrix, and so it is counted.
    return patches * (features * layer.hidden + patches * layer.hidden + layer.hidden + patches + features)


_STAGE = {"conv": _convolution, "inverted_bottleneck": _inverted_bottleneck}
_GLOBAL_ATTENTION = {"none": lambda layer, patches, features: 0, "fc": _fc, "gcn": _gcn}


def count_macs(model, convention: str = "full", iterations: int | None = None) -> int:
    """Multiply-adds of one face.

    Args:
        model: A `MuSiCa`.
        convention: `"full"` counts every product; `"paper"` leaves out the recurrent H x H product, which
            reproduces Table 1 (95, 48, 26, 138 and 69 million, rounded down). What the ablations multiply
            counts in both.
        iterations: Number of iterations that run; all by default.

    Raises:
        ValueError: If the convention is unknown.

    Reference: arXiv 2108.00377, Table 1. The image pyramid is not counted, as in the paper.
    """
    if convention not in ("full", "paper"):
        raise ValueError(f"`convention` must be 'full' or 'paper'. Received: convention={convention!r}")
    config, iteration = model.config, model.cascade[0]
    patches = len(config.patches)
    features = iteration.feature_size
    stage = _STAGE[config.extractor]
    patch = stage(iteration.conv1, config.patch_size, 3)
    patch += stage(iteration.conv2, (config.patch_size - 2) // 2, 32)
    patch += features * config.hidden
    if config.local_attention:
        patch += features * features + features
    total = patches * patch + config.hidden * (2 * config.num_points + 1)
    total += _GLOBAL_ATTENTION[config.global_attention](iteration.attend_globally, patches, features)
    if convention == "full":
        total += config.hidden**2
    return total * (len(config.levels) if iterations is None else iterations)


def paper_memory(model) -> float:
    """Megabytes as Table 1 counts them: a byte for each weight of one iteration, without the recurrent product's.

    It reproduces 9.1, 4.60, 2.64, 13.02 and, for 44 patches, 5.94, which the paper prints beside 49. A file holds three
    iterations and two or four bytes a weight.

    Args:
        model: A `MuSiCa`.

    Reference: arXiv 2108.00377, Table 1.
    """
    iteration = model.cascade[0]
    weights = sum(math.prod(weight.shape) for weight in iteration.weights)
    return (weights - model.config.hidden**2) / 1e6
