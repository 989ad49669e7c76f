"""Training: recipes, the training loop, run folders and optimizers. Names load when they are first used."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.training.averaged_adam import AveragedAdam as AveragedAdam
    from kerasalign.training.coupled import CoupledAdam as CoupledAdam, CoupledSGD as CoupledSGD
    from kerasalign.training.devices import Devices as Devices, training_devices as training_devices
    from kerasalign.training.divergence import TrainingDiverged as TrainingDiverged
    from kerasalign.training.faces import crop_cache as crop_cache
    from kerasalign.training.learned import mean_shape as mean_shape
    from kerasalign.training.loop import train as train
    from kerasalign.training.own_data import dataset as dataset
    from kerasalign.training.reading import read_faces as read_faces
    from kerasalign.training.recipe import Recipe as Recipe
    from kerasalign.training.run_card import RunCard as RunCard
    from kerasalign.training.run_folder import RunFolder as RunFolder
    from kerasalign.training.sources import FaceSource as FaceSource
    from kerasalign.training.streaming import fit_stream as fit_stream
    from kerasalign.training.visibility import (
        VisibilityFit as VisibilityFit,
        fit_visibility as fit_visibility,
        visibility_scores as visibility_scores,
        with_visibility as with_visibility,
    )
    from kerasalign.training.weights import averaged_weights as averaged_weights, save_weights as save_weights

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "averaged_adam": ["AveragedAdam"],
            "coupled": ["CoupledAdam", "CoupledSGD"],
            "devices": ["Devices", "training_devices"],
            "divergence": ["TrainingDiverged"],
            "faces": ["crop_cache"],
            "loop": ["train"],
            "learned": ["mean_shape"],
            "own_data": ["dataset"],
            "reading": ["read_faces"],
            "recipe": ["Recipe"],
            "run_card": ["RunCard"],
            "run_folder": ["RunFolder"],
            "sources": ["FaceSource"],
            "streaming": ["fit_stream"],
            "visibility": ["VisibilityFit", "fit_visibility", "visibility_scores", "with_visibility"],
            "weights": ["averaged_weights", "save_weights"],
        },
    )
