"""Values of textures between their pixels, for the shader."""

from __future__ import annotations

import math

from kerasalign.synth.jit import kernel


@kernel
def tap(texture, row, column, channel):
    """Bilinear value of one channel, clamped at the edges."""
    height, width = texture.shape[0], texture.shape[1]
    row = min(max(row, 0.0), height - 1.001)
    column = min(max(column, 0.0), width - 1.001)
    i, j = int(row), int(column)
    a, b = row - i, column - j
    top = texture[i, j, channel] * (1 - b) + texture[i, j + 1, channel] * b
    return top * (1 - a) + (texture[i + 1, j, channel] * (1 - b) + texture[i + 1, j + 1, channel] * b) * a


@kernel
def tiled(texture, u, v, channel):
    """Bilinear value of the tiling noise; u and v in tiles."""
    n = texture.shape[0]
    x, y = (u - math.floor(u)) * n, (v - math.floor(v)) * n
    i, j = int(y), int(x)
    a, b = y - i, x - j
    i, j = i % n, j % n
    i1, j1 = (i + 1) % n, (j + 1) % n
    top = texture[i, j, channel] * (1 - b) + texture[i, j1, channel] * b
    return top * (1 - a) + (texture[i1, j, channel] * (1 - b) + texture[i1, j1, channel] * b) * a


@kernel
def step(low, high, x):
    """0 below `low`, 1 above `high`, smooth between."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)
