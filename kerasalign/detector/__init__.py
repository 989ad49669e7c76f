"""The face detector of our own: its network, the crowds of rendered heads that it learns from, and its measurement.

    write_pool(Series(seed=1, head="ICT-FaceKit", scene=pool_scene()), 3000, "heads")
    DetectorRecipe(steps=6000).fit("heads", "runs/detector", backgrounds="photos")

Names load when they are first used: finding faces needs no renderer, and numpy alone until there is a network.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasalign.detector.coding import find_faces
    from kerasalign.detector.crowd import Crowd, CrowdConfig
    from kerasalign.detector.measure import false_boxes, recall
    from kerasalign.detector.negatives import mine_negatives
    from kerasalign.detector.network import FaceDetector
    from kerasalign.detector.pool import HeadPool, pool_scene, write_pool
    from kerasalign.detector.recipe import DetectorRecipe
    from kerasalign.detector.stream import CrowdStream

__all__ = [
    "Crowd",
    "CrowdConfig",
    "CrowdStream",
    "DetectorRecipe",
    "FaceDetector",
    "HeadPool",
    "false_boxes",
    "find_faces",
    "mine_negatives",
    "pool_scene",
    "recall",
    "write_pool",
]

_FILES = {
    "coding": ("find_faces",),
    "crowd": ("Crowd", "CrowdConfig"),
    "measure": ("false_boxes", "recall"),
    "negatives": ("mine_negatives",),
    "network": ("FaceDetector",),
    "pool": ("HeadPool", "pool_scene", "write_pool"),
    "recipe": ("DetectorRecipe",),
    "stream": ("CrowdStream",),
}
_HOME = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'kerasalign.detector' has no attribute {name!r}")
    value = getattr(import_module(f"kerasalign.detector.{_HOME[name]}"), name)
    globals()[name] = value
    return value
