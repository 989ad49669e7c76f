"""Losses, one idea per file."""

from kerasalign.losses.boundary_maps import boundary_maps
from kerasalign.losses.coherent_loss import coherent_loss
from kerasalign.losses.landmark_heatmaps import heatmap_loss, landmark_heatmaps
from kerasalign.losses.rectified_l1 import rectified_l1
from kerasalign.losses.rectified_wing import rectified_wing
from kerasalign.losses.soft_wing import soft_wing, wing
from kerasalign.losses.staged_map_loss import staged_map_loss

__all__ = [
    "boundary_maps",
    "coherent_loss",
    "heatmap_loss",
    "landmark_heatmaps",
    "rectified_l1",
    "rectified_wing",
    "soft_wing",
    "staged_map_loss",
    "wing",
]
