"""How MuSiCa is trained (arXiv 2108.00377, section 3.3, and the authors' code)."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.balance import gdb_weights, pdb_copies
from kerasalign.data.cache import CropCache
from kerasalign.data.loader import FaceLoader
from kerasalign.data.split import split_indices
from kerasalign.datasets import read_dataset
from kerasalign.files import sha256
from kerasalign.markups import get_markup
from kerasalign.models import LandmarkModel, build
from kerasalign.training import AveragedAdam, RunFolder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MuSiCaRecipe:
    """Settings of a MuSiCa training run; the defaults are the paper's.

    Args:
        model: Config of the network, as in the manifest, without `mean_shape`, which is computed from the
            training faces.
        dataset: Name of the data set.
        steps: Optimiser steps. The paper stops by test score between 10,800 and 21,300; 24,000 is our default.
        batch_size: Faces per step.
        learning_rate: Initial rate of Adam.
        schedule: `"staircase"`: a tenth after 15/24 of the steps (the paper's 15,000 of 24,000);
            `"cosine"`: to zero along a cosine, better for short runs.
        ema_decay: Decay of the averaged weights that are evaluated.
        augment: Name of the augmentation preset: `"musica"` is the paper's; `"musica-calm"` generalises better
            where faces are few.
        balance: `"gdb"` (section 3.4), `"pdb"` (the pose-based method that it improves on) or `"none"`.
        steps_per_epoch: Steps between validations and checkpoints; a run is a whole number of such epochs.
        validation: Training faces held out to watch the NME and pick the best epoch.
        nme_normaliser: Normaliser of the reported NME.
        seed: Seed of initial weights, split, order and augmentation.
    """

    model: dict
    dataset: str = "300w"
    steps: int = 24_000
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: str = "staircase"
    ema_decay: float = 0.9999
    augment: str = "musica"
    balance: str = "gdb"
    steps_per_epoch: int = 300
    validation: int = 100
    nme_normaliser: str = "inter_ocular"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.schedule not in ("staircase", "cosine"):
            raise ValueError(f"`schedule` must be 'staircase' or 'cosine'. Received: schedule={self.schedule!r}")
        if self.balance not in ("gdb", "pdb", "none"):
            raise ValueError(f"`balance` must be 'gdb', 'pdb' or 'none'. Received: balance={self.balance!r}")
        for name in ("steps", "batch_size", "steps_per_epoch"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={getattr(self, name)}")
        object.__setattr__(self, "steps_per_epoch", min(self.steps_per_epoch, self.steps))

    def learning_rate_schedule(self):
        """The Keras schedule."""
        if self.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        drop = max(self.steps * 15 // 24, 1)
        return keras.optimizers.schedules.ExponentialDecay(self.learning_rate, drop, 0.1, staircase=True)

    def cache(self, data_dir, split: str, directory, on_error: str = "raise") -> CropCache:
        """The crop cache of a split, made on first use."""
        samples = read_dataset(self.dataset, data_dir, split, on_error=on_error)
        return CropCache.build(samples, build(self.model).crop_spec, directory, on_error=on_error)

    def fit(
        self, data_dir, run_dir, *, cache_dir=None, initial_weights=None, resume: bool = True, on_error: str = "raise",
        verbose="auto", callbacks=(), workers: int = 1,
    ) -> LandmarkModel:  # fmt: skip
        """Trains from a data set's folder to a run folder.

        Args:
            data_dir: Folder of the data set in its official layout.
            run_dir: Where state, weights and run card go; a run that is there goes on.
            cache_dir: Where the crop cache goes; by default `run_dir/cache`.
            initial_weights: Weights file of the same network to start from, instead of random weights.
            resume: `False` refuses a folder that holds a run.
            on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.
            workers: Batches that are made at the same time.

        Returns:
            The trained model with averaged weights.

        Raises:
            ValueError: If the data set is not there, or the folder holds a run with other settings.
        """
        run_dir = Path(run_dir)
        if not resume and (run_dir / "state.json").exists():
            raise ValueError(f"The folder holds a run already. Received: run_dir={str(run_dir)!r}, resume=False")
        keras.utils.set_random_seed(self.seed)
        cache = self.cache(data_dir, "train", cache_dir or run_dir / "cache", on_error)
        train, held_out = split_indices(len(cache), min(self.validation, len(cache) // 5), self.seed)
        model = self.build_model(cache, train)
        loader, validation = self.loaders(cache, model, train, held_out, workers)

        settings = asdict(self) | {"data_hash": cache.content_hash, "faces": len(train), "held_out": len(held_out)}
        if initial_weights is not None:
            model.load_weights(initial_weights)
            settings["initial_weights"] = sha256(initial_weights)
        card = {"recipe": "musica", "settings": settings, "model": model.get_config(), "skipped": cache.skipped}
        folder = RunFolder(run_dir, card, monitor="val_nme" if len(held_out) else "nme")
        model.compile(
            AveragedAdam(self.learning_rate_schedule(), decay=self.ema_decay, epsilon=1e-8),
            nme_normaliser=self.nme_normaliser,
            jit_compile=keras.backend.backend() == "jax",
        )
        epoch = folder.restore(model)
        epochs = -(-self.steps // self.steps_per_epoch)
        if epoch:
            logger.info("Going on after epoch %d of %d", epoch, epochs)
        loader.set_epoch(epoch)
        if epoch < epochs:
            swap = [keras.callbacks.SwapEMAWeights()] if validation else []
            # The loader has its own seeded order; Keras' shuffling of batches would not survive a restart.
            model.fit(
                loader, epochs=epochs, initial_epoch=epoch, validation_data=validation, verbose=verbose,
                shuffle=False, callbacks=[loader.epoch_callback(), *swap, folder, *callbacks],
            )  # fmt: skip
        # A fresh network: the one in training carries an optimiser, which the weights file does not.
        trained = type(model).from_config(model.get_config())
        trained.load_weights(run_dir / "last.weights.h5")
        return trained

    def build_model(self, cache: CropCache, train: np.ndarray) -> LandmarkModel:
        """The untrained network, starting from the mean shape of the training faces."""
        bare = build(self.model)
        return build(self.model | {"mean_shape": mean_shape(cache, train, bare.crop_spec.size).tolist()})

    def loaders(self, cache, model, train, held_out, workers: int = 1):
        """Training and validation loaders; the latter is `None` without held-out faces."""
        weights = None
        if self.balance == "gdb":
            weights = gdb_weights(cache.landmarks[train])
        elif self.balance == "pdb":
            weights = pdb_copies(cache.landmarks[train], seed=self.seed)
        loader = FaceLoader(
            cache, model.crop_spec, augment=AugmentConfig.preset(self.augment), batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch, indices=train, weights=weights, seed=self.seed, workers=workers,
        )  # fmt: skip
        if not len(held_out):
            return loader, None
        return loader, FaceLoader.evaluation(cache, model.crop_spec, indices=held_out)

    def with_settings(self, **settings) -> MuSiCaRecipe:
        """A copy with some settings changed; `None` leaves a setting as it is."""
        return replace(self, **{key: value for key, value in settings.items() if value is not None})


def mean_shape(cache: CropCache, indices: np.ndarray, size: int) -> np.ndarray:
    """Mean of the faces' landmarks in the pixels of an untouched `size` px crop, `(N, 2)`, two decimals.

    Points that no face annotates take the markup's schematic position.
    """
    offset = (cache.spec.size - size) / 2
    shapes = np.asarray(cache.landmarks[indices], "float64") - offset
    known = np.isfinite(shapes).all(-1)
    count = known.sum(0)[:, None]
    mean = np.where(known[..., None], shapes, 0.0).sum(0) / np.maximum(count, 1)
    markup = get_markup(cache.markup)
    fallback = markup.mean_shape * np.ptp(mean[count[:, 0] > 0], axis=0).max() + (size - 1) / 2
    return np.round(np.where(count > 0, mean, fallback), 2)
