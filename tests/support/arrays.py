"""Random arrays that tests share."""

import numpy as np


def noise(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype("float32")


def crops(count, size, seed=0):
    """Random `uint8` crops, the first column outside the photo."""
    images = np.random.default_rng(seed).integers(1, 256, (count, size, size, 3)).astype("uint8")
    images[:, :, 0] = 0
    return images


def adjacency(count, nodes):
    """Random edge weights; rows sum to 1."""
    weights = noise(count, nodes, nodes, seed=2, low=0)
    return weights / weights.sum(-1, keepdims=True)
