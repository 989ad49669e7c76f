"""Squared error of maps that several stages predict of the same truth."""

from collections.abc import Sequence

import numpy as np
from keras import ops

from kerasalign.support.checks import one_of


def staged_map_loss(maps, truth, weights: Sequence[float], known=None, reduction: str = "sum"):
    """`mean_i w_i ||H_i - T||^2` over the stages i, for each face.

    Args:
        maps: `(B, I, H, W, K)` predictions.
        truth: `(B, H, W, K)`.
        weights: w_i, one per stage.
        known: `(B, K)`, 0 for maps that do not count; by default all count.
        reduction: `"sum"`, the squared norm, or `"mean"` over pixels and maps.

    Returns:
        `(B,)` float32.

    Raises:
        ValueError: If `reduction` is unknown.

    Reference: LW-BAFA (APSIPA TSIP 12, e45, 2023), equation 2, N_bh the number of stages.
    """
    one_of("reduction", reduction, ("sum", "mean"))
    error = ops.square(ops.cast(maps, "float32") - ops.cast(truth, "float32")[:, None])
    error = ops.sum(error, (2, 3)) if reduction == "sum" else ops.mean(error, (2, 3))
    if known is not None:
        error = error * ops.cast(known, "float32")[:, None]
    error = ops.sum(error, -1)
    if reduction == "mean":
        error = error / maps.shape[-1]
    return ops.mean(error * ops.convert_to_tensor(np.asarray(weights, "float32")), -1)
