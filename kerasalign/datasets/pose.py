"""Head pose of the 3DDFA data sets, 300W-LP and AFLW2000-3D (Zhu et al., CVPR 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kerasalign.datasets.errors import DatasetError

# The bins of the 3DDFA paper by |yaw| in degrees, each with its upper edge; fits beyond 90 degrees count as the last.
YAW_BINS = {"yaw0_30": 30.0, "yaw30_60": 60.0, "yaw60_90": np.inf}


def read_pose(contents: Mapping[str, object], path: Path) -> dict[str, float]:
    """Pitch, yaw and roll in degrees from `Pose_Para`, which starts with them in radians.

    Raises:
        DatasetError: If they are not there.
    """
    numbers = np.ravel(np.asarray(contents.get("Pose_Para", ())))
    if numbers.size != 7 or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers[:3]).all():
        raise DatasetError(
            path,
            f"`Pose_Para` must hold 7 numbers that start with pitch, yaw and roll, not {numbers.dtype} {numbers.shape}",
        )
    return dict(zip(("pitch", "yaw", "roll"), np.rad2deg(numbers[:3].astype("float64")).tolist(), strict=True))


def yaw_bin(yaw: float) -> str:
    """Name of the bin of a yaw in degrees; an edge belongs to the bin below it."""
    return next(name for name, edge in YAW_BINS.items() if abs(yaw) <= edge)
