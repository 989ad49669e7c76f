"""Head pose from landmarks: OpenCV's perspective-n-point solver and the points of the mean head."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from kerasalign.geometry import head_angles
from kerasalign.markups import Markup

#: Fewer known points say too little.
_FEWEST = 5
#: Distance of the camera in units of the face's size. Photos do not say theirs: about 90 cm.
_DISTANCE = 6.0
#: Landmarks that lie farther from the turned mean head, in units of the face's size, are no face. Of faces that a
#: model finds, 99 in 100 lie within half of it.
_WORST_FIT = 0.15
# From head coordinates, y up and z towards the camera, to OpenCV's, y down and z away from it.
_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


class Pose(NamedTuple):
    """How a head is turned, in degrees; NaN where the landmarks do not say.

    Attributes:
        yaw: Positive turns the face to the picture's right.
        pitch: Positive looks up.
        roll: Positive tips the head to the picture's right, clockwise as seen.
    """

    yaw: float
    pitch: float
    roll: float


UNKNOWN = Pose(math.nan, math.nan, math.nan)


def solve_pose(landmarks: np.ndarray, markup: Markup) -> Pose:
    """The pose of a head, relative to the line from the camera to the face.

    Expressions move the mouth, and the jaw's points lie on the outline that is seen; neither takes part.

    Args:
        landmarks: `(N, 2)` in pixels; NaN points do not take part.
        markup: Their point scheme. The built-in ones have 3D points; another one has them if it converts to one of
            these.

    Returns:
        Yaw, pitch and roll; all NaN where the markup has no 3D points, fewer than five of them are known, or they do
        not lie as those of a head do.

    Reference:
        Terzakis and Lourakis, A Consistently Fast and Globally Optimal Solution to the Perspective-n-Point Problem,
        ECCV 2020, as `cv2.SOLVEPNP_SQPNP`; refined by Levenberg-Marquardt.
    """
    table = head_points()
    usable = [name for name in (markup.name, *table) if name in table and name in (markup.name, *markup.conversions)]
    if not usable:
        return UNKNOWN
    name = usable[0]
    indices, points = table[name]
    seen = np.asarray(markup.convert(landmarks, name), "float64")[indices]
    known = np.isfinite(seen).all(-1)
    if known.sum() < _FEWEST:
        return UNKNOWN
    return _solve(seen[known], points[known])


def _solve(seen: np.ndarray, points: np.ndarray) -> Pose:
    middle = seen.mean(0)
    size = 3 * float(np.linalg.norm(seen - middle, axis=1).mean())
    if not size > 1e-6 * max(1.0, float(np.abs(middle).max())):
        return UNKNOWN
    # In units of the face's size, so that pixels may be large or small.
    flat, solid = (seen - middle) / size, points @ _TO_CAMERA
    camera = np.diag([_DISTANCE, _DISTANCE, 1.0])
    try:
        found, turn, shift = cv2.solvePnP(solid, flat, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        if not found:
            return UNKNOWN
        turn, shift = cv2.solvePnPRefineLM(solid, flat, camera, None, turn, shift)
    except cv2.error:  # points on one line
        return UNKNOWN
    fit = cv2.projectPoints(solid, turn, shift, camera, None)[0][:, 0]
    error = float(np.sqrt(np.square(fit - flat).sum(-1).mean()))
    # A head behind the camera is the mirror image of a face.
    if not (error < _WORST_FIT and float(np.ravel(shift)[2]) > 0):
        return UNKNOWN
    return Pose(*head_angles(_TO_CAMERA @ cv2.Rodrigues(turn)[0] @ _TO_CAMERA))


@cache
def head_points() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name of each markup to the indices `(K,)` of its points that hold still, and to these points of the mean head.

    They are `(K, 3)` in centimeters, x to the person's left, y up, z forward. `tools/head_points.py` made the file.
    """
    content = json.loads(Path(__file__).with_name("head_points.json").read_text("utf-8"))
    return {
        name: (np.array(entry["indices"]), np.array(entry["points"], "float64"))
        for name, entry in content["markups"].items()
    }
