"""How a head is turned: yaw, pitch and roll, and the rotation that they stand for.

Head coordinates: x to the picture's right, y up, z towards the camera. Positive yaw turns the face to the picture's
right, positive pitch looks up, positive roll tips the head clockwise as seen.
"""

from __future__ import annotations

import numpy as np


def head_rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """`(3, 3)` rotation of a head about y, then x, then z, in that order; degrees."""
    y, p, r = np.deg2rad([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def head_angles(rotation: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a `(3, 3)` rotation, such that `head_rotation` gives it back.

    Pitch is in -90..90; at its ends yaw and roll are not unique.
    """
    pitch = -np.arcsin(np.clip(rotation[2, 1], -1, 1))
    yaw = np.arctan2(-rotation[2, 0], rotation[2, 2])
    roll = -np.arctan2(-rotation[0, 1], rotation[1, 1])
    yaw, pitch, roll = np.rad2deg([yaw, pitch, roll]).tolist()
    return yaw, pitch, roll
