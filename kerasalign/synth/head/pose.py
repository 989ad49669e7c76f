"""How a head is turned."""

from __future__ import annotations

import numpy as np


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """`(3, 3)` rotation of a head about y, then x, then z, in that order; degrees."""
    y, p, r = np.deg2rad([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y
