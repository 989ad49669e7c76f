"""The face detector of our own: its network, the crowds of rendered heads that it learns from, and its measurement.

    write_pool(Series(seed=1, head="ICT-FaceKit", scene=pool_scene()), 3000, "heads")
    DetectorRecipe(steps=6000).fit("heads", "runs/detector", backgrounds="photos")

Names load when they are first used: finding faces needs no renderer, and numpy alone until there is a network.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.detector.coding import find_faces as find_faces
    from kerasalign.detector.crowd import Crowd as Crowd, CrowdConfig as CrowdConfig
    from kerasalign.detector.measure import false_boxes as false_boxes, recall as recall
    from kerasalign.detector.negatives import mine_negatives as mine_negatives
    from kerasalign.detector.network import FaceDetector as FaceDetector
    from kerasalign.detector.pool import HeadPool as HeadPool, pool_scene as pool_scene, write_pool as write_pool
    from kerasalign.detector.recipe import DetectorRecipe as DetectorRecipe
    from kerasalign.detector.stream import CrowdStream as CrowdStream

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "coding": ["find_faces"],
        "crowd": ["Crowd", "CrowdConfig"],
        "measure": ["false_boxes", "recall"],
        "negatives": ["mine_negatives"],
        "network": ["FaceDetector"],
        "pool": ["HeadPool", "pool_scene", "write_pool"],
        "recipe": ["DetectorRecipe"],
        "stream": ["CrowdStream"],
    },
)
