"""L1 that ignores annotation noise."""

from keras import ops


def rectified_l1(error, threshold: float = 0.01):
    """`|e|` where it is at least `threshold`, else 0. The value jumps at the threshold.

    Args:
        error: Tensor of non-negative errors in crop pixels.
        threshold: Errors below it count as 0.

    Returns:
        Tensor of the same shape.

    Reference: "Knowing When to Quit" (arXiv 2108.00377), section 3.3; 0.01 pixel in the authors' code.
    """
    return ops.where(error >= threshold, error, ops.zeros_like(error))
