"""Losses, one idea per file."""

from kerasalign.losses.rectified_l1 import rectified_l1
from kerasalign.losses.rectified_wing import rectified_wing

__all__ = ["rectified_l1", "rectified_wing"]
