"""The part of a network that says which points are visible; networks of several papers can have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from kerasalign.core.point_axis import PointAxis
from kerasalign.layers import SampleAtPoints, VisibilityHead

#: Name of the head's layer.
HEAD = "visibility"
#: As `LandmarkModel.point_weights`: what of the head belongs to points.
POINT_WEIGHTS: dict[str, PointAxis | None] = {
    f"/{HEAD}/bias": PointAxis(linear=True),
    f"/{HEAD}/output_bias": PointAxis(linear=True),
}


def visibility(maps: Mapping[str, Any], landmarks, size: int, extra=None):
    """Probability `(B, N)` that each predicted point is visible.

    Gradients stop before it, and training of the network leaves it as it is: landmarks do not depend on it.

    Args:
        maps: Names of layers to symbolic feature maps `(B, H, W, C)` of the whole crop.
        landmarks: `(B, N, 2)` in pixels of the crop.
        size: Side of the crop.
        extra: `(B, N, C)`: what else is known of each point.
    """
    features = [
        SampleAtPoints(size / x.shape[1], name=f"{HEAD}_{name}", dtype="float32")(x, landmarks)
        for name, x in maps.items()
    ]
    if extra is not None:
        features.append(ops.stop_gradient(extra))
    # Its kernel takes the mean of the features off: half precision would lose what is left.
    head = VisibilityHead(name=HEAD, dtype="float32")
    # Its labels are in no target of `fit`.
    head.trainable = False
    return head(ops.concatenate(features, -1) if len(features) > 1 else features[0])
