"""Soft Wing and Wing losses."""

import math

from keras import ops


def soft_wing(error, linear: float = 2.0, width: float = 20.0, curvature: float = 0.5):
    """`|x|` for small errors, a steep logarithm beyond. Medium errors weigh more than in Wing, tiny errors less.

    Args:
        error: Tensor of errors in crop pixels, any sign.
        linear: omega_1, end of the linear part.
        width: omega_2, scale of the logarithm.
        curvature: epsilon of the logarithm.

    Returns:
        Tensor of the same shape. The value is continuous at `linear`; the slope jumps from 1 to
        `width / (curvature + linear)` there.

    Raises:
        ValueError: Unless `linear` is at least 0 and the others are positive.

    Reference: Zhu et al. (arXiv 2006.11697), equation 9: `w2 ln(1 + |x| / epsilon) + B`.
    """
    if not (linear >= 0 and width > 0 and curvature > 0):
        raise ValueError(
            "Soft Wing needs linear >= 0, width > 0 and curvature > 0. "
            f"Received: linear={linear}, width={width}, curvature={curvature}"
        )
    size = ops.abs(error)
    offset = linear - width * math.log(1 + linear / curvature)
    return ops.where(size < linear, size, width * ops.log1p(size / curvature) + offset)


def wing(error, width: float = 20.0, curvature: float = 0.5):
    """Logarithmic for small errors, L1 with a constant offset beyond.

    Args:
        error: Tensor of errors in crop pixels, any sign.
        width: omega, end of the logarithmic part.
        curvature: epsilon of the logarithm.

    Returns:
        Tensor of the same shape.

    Raises:
        ValueError: Unless both are positive.

    Reference: Feng et al., "Wing Loss for Robust Facial Landmark Localization" (CVPR 2018), equation 5.
    """
    if not (width > 0 and curvature > 0):
        raise ValueError(f"Wing needs width > 0 and curvature > 0. Received: width={width}, curvature={curvature}")
    size = ops.abs(error)
    offset = width - width * math.log(1 + width / curvature)
    return ops.where(size < width, width * ops.log1p(size / curvature), size - offset)
