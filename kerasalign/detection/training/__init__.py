"""Trains the library's own face detector on crowds of rendered heads, and measures it.

    write_pool(Series(seed=1, head="ICT-FaceKit", scene=pool_scene()), 3000, "heads")
    DetectorRecipe(steps=6000).fit("heads", "runs/detector", backgrounds="photos")

Names load when they are first used: detection itself needs no renderer.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.detection.own.coding import find_faces as find_faces
    from kerasalign.detection.own.network import FaceDetector as FaceDetector
    from kerasalign.detection.training.body import Body as Body, cut_body_part as cut_body_part
    from kerasalign.detection.training.crowd import Crowd as Crowd
    from kerasalign.detection.training.crowd_config import CrowdConfig as CrowdConfig
    from kerasalign.detection.training.distractors import write_distractors as write_distractors
    from kerasalign.detection.training.findings import (
        FindingPictures as FindingPictures,
        findings_tables as findings_tables,
    )
    from kerasalign.detection.training.measure import false_boxes as false_boxes, recall as recall
    from kerasalign.detection.training.negatives import mine_negatives as mine_negatives
    from kerasalign.detection.training.pool import (
        HeadPool as HeadPool,
        pool_scene as pool_scene,
        write_pool as write_pool,
    )
    from kerasalign.detection.training.real_faces import (
        label_faces as label_faces,
        write_photo_pool as write_photo_pool,
    )
    from kerasalign.detection.training.recipe import DetectorRecipe as DetectorRecipe
    from kerasalign.detection.training.stream import CrowdStream as CrowdStream
    from kerasalign.detection.training.whole_photos import (
        ListedPhoto as ListedPhoto,
        measure_whole_photos as measure_whole_photos,
        read_listed_photos as read_listed_photos,
    )

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "kerasalign.detection.own.coding": ["find_faces"],
            "body": ["Body", "cut_body_part"],
            "crowd": ["Crowd"],
            "crowd_config": ["CrowdConfig"],
            "distractors": ["write_distractors"],
            "findings": ["FindingPictures", "findings_tables"],
            "measure": ["false_boxes", "recall"],
            "negatives": ["mine_negatives"],
            "kerasalign.detection.own.network": ["FaceDetector"],
            "pool": ["HeadPool", "pool_scene", "write_pool"],
            "real_faces": ["label_faces", "write_photo_pool"],
            "recipe": ["DetectorRecipe"],
            "stream": ["CrowdStream"],
            "whole_photos": ["ListedPhoto", "measure_whole_photos", "read_listed_photos"],
        },
    )
