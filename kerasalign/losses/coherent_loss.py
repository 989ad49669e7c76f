"""Coherent loss: maps of a transformed image against the transformed maps of the image."""

from __future__ import annotations

from keras import ops

from kerasalign.support.checks import one_of

DISTANCES = ("mse", "smooth_l1")


def coherent_loss(maps, moved, inside, distance: str = "mse", reduction: str = "mean", stacks: str = "mean"):
    """Distance between `H(T I)`, maps of a transformed image, and `T H(I)`, transformed maps, for each face.

    Args:
        maps: `(B, I, H, W, N)`, H(T I) of I stacks.
        moved: `(B, I, H, W, N)`, T H(I).
        inside: `(B, H, W, 1)`, 1 for the pixels where T H(I) is defined.
        distance: `"mse"`, as in the paper, or `"smooth_l1"`, as in the later released code.
        reduction: `"mean"` or `"sum"` over the pixels inside. Over points it is always the mean.
        stacks: `"mean"` or `"sum"` over the stacks.

    Returns:
        `(B,)` float32.

    Raises:
        ValueError: If `distance`, `reduction` or `stacks` is unknown.

    Reference: SDU (arXiv 1812.01936), equation 1, L_p-p.
    """
    one_of("distance", distance, DISTANCES)
    one_of("reduction", reduction, ("mean", "sum"))
    one_of("stacks", stacks, ("mean", "sum"))
    error = ops.cast(maps, "float32") - ops.cast(moved, "float32")
    if distance == "mse":
        error = ops.square(error)
    else:
        size = ops.abs(error)
        error = ops.where(size < 1, 0.5 * ops.square(error), size - 0.5)
    inside = ops.cast(inside, "float32")
    error = ops.mean(error, -1)
    error = ops.mean(error, 1) if stacks == "mean" else ops.sum(error, 1)
    total = ops.sum(error[..., None] * inside, (1, 2, 3))
    return total / ops.maximum(ops.sum(inside, (1, 2, 3)), 1.0) if reduction == "mean" else total
