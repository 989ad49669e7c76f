"""Rectified Wing loss."""

import math

from keras import ops


def rectified_wing(error, width: float = 10.0, curvature: float = 2.0, threshold: float = 0.5):
    """0 below `threshold`, logarithmic up to `width`, then L1 with a constant offset.

    Args:
        error: Tensor of errors in crop pixels, any sign.
        width: w, end of the logarithmic part.
        curvature: epsilon of the logarithm.
        threshold: r, errors below it count as 0.

    Returns:
        Tensor of the same shape.

    Raises:
        ValueError: Unless `0 <= threshold < width` and `curvature > 0`.

    Reference: Feng et al., "Rectified Wing Loss", IJCV 2019: RWing(x) = w ln(1 + (|x| - r) / epsilon).
    """
    if not 0 <= threshold < width or not curvature > 0:
        raise ValueError(
            "Rectified Wing needs 0 <= threshold < width and curvature > 0. "
            f"Received: width={width}, curvature={curvature}, threshold={threshold}"
        )
    size = ops.abs(error)
    offset = width - width * math.log(1 + (width - threshold) / curvature)
    # The logarithm's argument is clipped so that the unused branch has a finite gradient.
    curved = width * ops.log1p(ops.maximum(size - threshold, 0.0) / curvature)
    return ops.where(size < width, curved, size - offset)
