"""Target heatmaps of landmarks, and the loss against them."""

import math

import numpy as np
from keras import ops

from kerasalign.support.checks import one_of


def landmark_heatmaps(landmarks, size: int, stride: int = 2, sigma: float = 1.0):
    """Draws a Gaussian of height 1 around every landmark, or marks its pixel.

    Args:
        landmarks: `(B, N, 2)`, x then y, in pixels of the crop; NaN marks a point that is not annotated.
        size: Side of the maps.
        stride: Crop pixels per pixel of a map; crop pixel u lies at `(u + 0.5) / stride - 0.5` of the map.
        sigma: Standard deviation of the Gaussian in pixels of the map; 0 sets a single pixel to 1.

    Returns:
        Maps `(B, size, size, N)`, float32 in 0..1, and `(B, N)` float32: 1 where a landmark is annotated and within
        the crop, 0 where its map is empty.

    Example:

        maps, known = landmark_heatmaps(landmarks, 64)      # (B, 64, 64, 68) from 128 px crops
    """
    points = (ops.cast(landmarks, "float32") + 0.5) / stride - 0.5
    # Comparisons with NaN are false.
    known = ops.cast(ops.all((points >= -0.5) & (points < size - 0.5), -1), "float32")
    points = ops.where(known[..., None] > 0, points, 0.0)
    if not sigma:
        points = ops.floor(points + 0.5)
    axis = ops.convert_to_tensor(np.arange(size, dtype="float32")[None, :, None, None])
    distance = axis - points[:, None]
    axes = ops.exp(-0.5 * ops.square(distance / sigma)) if sigma else ops.cast(distance == 0, "float32")
    maps = axes[:, None, :, :, 0] * (axes[..., 1] * known[:, None])[:, :, None]
    return maps, known


def heatmap_loss(
    maps, landmarks, stride: int = 2, kind: str = "sigmoid_ce", sigma: float = 1.0, reduction: str = "mean"
):
    """Loss of each face between predicted maps and those of its landmarks, summed over the stacks.

    Args:
        maps: `(B, I, H, H, N)` maps of I stacks before any activation.
        landmarks: `(B, N, 2)` in crop pixels; points that are NaN or outside the crop do not count.
        stride: Crop pixels per pixel of a map.
        kind: `"sigmoid_ce"`, cross-entropy of every pixel with a Gaussian; `"softmax_ce"`, cross-entropy over the
            pixels with the landmark's pixel; `"mse"`, squared error to a Gaussian.
        sigma: Standard deviation of the Gaussian in pixels of a map.
        reduction: `"mean"` or `"sum"` over the pixels of a map. Over landmarks it is always the mean.

    Returns:
        `(B,)` float32.

    Raises:
        ValueError: If `kind` or `reduction` is unknown.

    Reference: SDU (arXiv 1812.01936), equation 1, L_p-g. The paper says sigmoid cross-entropy, the released code has a
    softmax over the pixels.
    """
    one_of("kind", kind, ("sigmoid_ce", "softmax_ce", "mse"))
    one_of("reduction", reduction, ("mean", "sum"))
    maps = ops.cast(maps, "float32")
    truth, known = landmark_heatmaps(landmarks, maps.shape[2], stride, 0 if kind == "softmax_ce" else sigma)
    truth = truth[:, None]
    if kind == "softmax_ce":
        error = ops.logsumexp(maps, (2, 3)) - ops.sum(maps * truth, (2, 3))
    elif kind == "sigmoid_ce":
        error = ops.sum(ops.relu(maps) - maps * truth + ops.log1p(ops.exp(-ops.abs(maps))), (2, 3))
    else:
        error = ops.sum(ops.square(maps - truth), (2, 3))
    if reduction == "mean":
        error = error / math.prod(maps.shape[2:4])
    error = ops.sum(ops.sum(error, 1) * known, -1)
    return error / ops.maximum(ops.sum(known, -1), 1.0)
