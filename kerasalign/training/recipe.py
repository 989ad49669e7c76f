"""What every recipe has in common: from a data set's folder to a run folder."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.balance import gdb_weights, pdb_copies
from kerasalign.data.cache import CropCache
from kerasalign.data.cache_build import build_cache
from kerasalign.data.loader import FaceLoader
from kerasalign.data.split import split_indices
from kerasalign.markups import get_markup
from kerasalign.models import LandmarkModel, build
from kerasalign.support.files import sha256
from kerasalign.training import RunFolder
from kerasalign.training.reading import read_faces
from kerasalign.training.run import check_resume

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """Settings of a training run. A paper's recipe sets its own defaults, optimiser and schedules.

    Args:
        model: Config of the network, as in the manifest, without what is learned from the training faces.
        dataset: Name of the data set.
        steps: Optimiser steps.
        epochs: Passes over the training faces; where given, it decides `steps`, and validation and checkpoints
            come once a pass.
        batch_size: Faces per step.
        learning_rate: Initial learning rate.
        schedule: One of the class's `schedules`.
        ema_decay: Decay of the averaged weights that are evaluated; `None`: no averages.
        augment: Name of the augmentation preset.
        balance: How faces are drawn: `"gdb"`, at random and more often the rarer their shape; `"pdb"`, from a list
            that repeats the faces of rare poses, which is what a pass goes over; `"none"`, each once a pass.
        steps_per_epoch: Steps between validations and checkpoints; a run is a whole number of such epochs.
        validation: Training faces held out to watch the NME and pick the best epoch; at least as many where the data
            set has groups of faces that look alike, such as the frames of a video, which are held out as a whole.
        nme_normaliser: Normaliser of the reported NME.
        seed: Seed of initial weights, split, order and augmentation.
        precision: `"float32"` or `"mixed_bfloat16"`, which is quicker where the processor multiplies bfloat16.
            Weights are float32 in both.
        reader_options: Options of the data set's reader, such as `{"images": "photos"}`. Readers that take a `markup`
            get the model's.

    Raises:
        ValueError: If a setting is out of its range.
    """

    model: dict
    dataset: str = "300w"
    steps: int = 24_000
    epochs: int | None = None
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "staircase"
    ema_decay: float | None = None
    augment: str = "none"
    balance: str = "none"
    steps_per_epoch: int = 300
    validation: int = 100
    nme_normaliser: str = "inter_ocular"
    seed: int = 0
    precision: str = "float32"
    reader_options: dict = field(default_factory=dict)

    paper: ClassVar[str]
    schedules: ClassVar[tuple[str, ...]] = ("staircase", "cosine")

    def __post_init__(self) -> None:
        choices = {
            "schedule": self.schedules,
            "balance": ("gdb", "pdb", "none"),
            "precision": ("float32", "mixed_bfloat16"),
        }
        for name, known in choices.items():
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"`{name}` must be one of {list(known)}. Received: {name}={value!r}")
        for name in ("steps", "batch_size", "steps_per_epoch", "epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        object.__setattr__(self, "steps_per_epoch", min(self.steps_per_epoch, self.steps))

    def learning_rate_schedule(self):
        """The Keras schedule."""
        raise NotImplementedError(f"{type(self).__name__} must implement learning_rate_schedule().")

    def falling_rate(self, shares, factor: float):
        """A Keras schedule: to zero along a cosine if that is the `schedule`, or down in stairs.

        Args:
            shares: Shares of the steps at which the rate falls.
            factor: By what it is multiplied there.
        """
        if self.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        # Keras keeps a value up to and including its boundary.
        ends = [max(round(share * self.steps), 1) - 1 for share in shares]
        rates = [self.learning_rate * factor**index for index in range(len(ends) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)

    def averages(self) -> dict:
        """Arguments of a Keras optimiser that make it average the weights, where the recipe wants that."""
        return {} if self.ema_decay is None else {"use_ema": True, "ema_momentum": self.ema_decay}

    def optimizer(self) -> keras.optimizers.Optimizer:
        """A new optimiser with the schedule."""
        raise NotImplementedError(f"{type(self).__name__} must implement optimizer().")

    def learned_config(self, cache: CropCache, train: np.ndarray) -> dict:
        """Entries of the network's config that the training faces decide, such as their mean shape."""
        return {}

    def draw_weights(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """How often each training face is drawn, in proportion; `None`: all alike."""
        return gdb_weights(cache.landmarks[train]) if self.balance == "gdb" else None

    def copies(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """How often a pass sees each training face; `None`: once."""
        return pdb_copies(cache.landmarks[train], seed=self.seed) if self.balance == "pdb" else None

    def cache(self, data_dir, split: str, directory, on_error: str = "raise") -> CropCache:
        """The crop cache of a split, made on first use."""
        network = build(self.model)
        samples = read_faces(self.dataset, data_dir, split, network.markup.name, on_error, self.reader_options)
        return build_cache(samples, network.crop_spec, directory, on_error=on_error)

    def planned(self, faces: int) -> Recipe:
        """The recipe with `epochs` turned into steps for a number of faces in a pass."""
        if self.epochs is None:
            return self
        once = -(-faces // self.batch_size)
        return replace(self, steps=self.epochs * once, steps_per_epoch=once)

    def fit(
        self,
        data_dir,
        run_dir,
        *,
        cache_dir=None,
        initial_weights=None,
        resume: bool = True,
        on_error: str = "raise",
        verbose="auto",
        callbacks=(),
        workers: int = 1,
    ) -> LandmarkModel:
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
            The trained model, in float32; with averaged weights where the recipe averages them.

        Raises:
            ValueError: If the data set is not there, or the folder holds a run with other settings.
        """
        run_dir = Path(run_dir)
        check_resume(run_dir, resume)
        keras.utils.set_random_seed(self.seed)
        cache = self.cache(data_dir, "train", cache_dir or run_dir / "cache", on_error)
        train, held_out = split_indices(len(cache), min(self.validation, len(cache) // 5), self.seed, cache.groups)
        copies = self.copies(cache, train)
        plan = self.planned(len(train) if copies is None else int(copies.sum()))
        model = plan.build_model(cache, train)
        loader, validation = plan.loaders(cache, model, train, held_out, workers)

        settings = {"data_hash": cache.content_hash, "faces": len(train), "held_out": len(held_out)}
        return plan.run(
            model,
            loader,
            validation,
            run_dir,
            settings,
            cache.skipped,
            initial_weights=initial_weights,
            verbose=verbose,
            callbacks=callbacks,
        )

    def run(
        self,
        model: LandmarkModel,
        loader,
        validation,
        run_dir,
        settings: dict,
        skipped: dict,
        *,
        initial_weights=None,
        verbose="auto",
        callbacks=(),
    ) -> LandmarkModel:
        """Trains a network on a loader's batches; see `fit`, which makes both.

        Args:
            model: The untrained network.
            loader: A `FaceLoader`, or what has its `set_epoch` and `epoch_callback`.
            validation: Loader of held-out faces, or `None`.
            run_dir: As in `fit`.
            settings: What the run card says beside the recipe's settings.
            skipped: Face name to the reason why it was left out.
            initial_weights: As in `fit`.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.
        """
        settings = asdict(self) | settings
        if not self.reader_options:
            del settings["reader_options"]  # runs of older versions, which had none, go on
        if initial_weights is not None:
            model.load_weights(initial_weights)
            settings["initial_weights"] = sha256(initial_weights)
        finished = model.get_config() | {"dtype": "float32"}
        card = {"recipe": self.paper, "settings": settings, "model": finished, "skipped": skipped}
        folder = RunFolder(run_dir, card, monitor="val_nme" if validation else "nme")
        model.compile(self.optimizer(), nme_normaliser=self.nme_normaliser)
        epoch = folder.restore(model)
        epochs = -(-self.steps // self.steps_per_epoch)
        if epoch:
            logger.info("Going on after epoch %d of %d", epoch, epochs)
        loader.set_epoch(epoch)
        if epoch < epochs:
            averages = validation and getattr(model.optimizer, "use_ema", False)
            swap = [keras.callbacks.SwapEMAWeights()] if averages else []
            # The loader has its own seeded order; Keras' shuffling of batches would not survive a restart.
            model.fit(
                loader,
                epochs=epochs,
                initial_epoch=epoch,
                validation_data=validation,
                verbose=verbose,
                shuffle=False,
                callbacks=[loader.epoch_callback(), *swap, folder, *callbacks],
            )
        return folder.finished(model)

    def build_model(self, cache: CropCache, train: np.ndarray) -> LandmarkModel:
        """The untrained network, with what the training faces decide."""
        config = self.model | self.learned_config(cache, train)
        return build(config if self.precision == "float32" else config | {"dtype": self.precision})

    def loaders(self, cache, model, train, held_out, workers: int = 1):
        """Training and validation loaders; the latter is `None` without held-out faces."""
        loader = FaceLoader(
            cache,
            model.crop_spec,
            augment=AugmentConfig.preset(self.augment),
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            indices=train,
            weights=self.draw_weights(cache, train),
            repeats=self.copies(cache, train),
            seed=self.seed,
            workers=workers,
        )
        if not len(held_out):
            return loader, None
        return loader, FaceLoader.evaluation(
            cache, model.crop_spec, indices=held_out, batch_size=min(self.batch_size, 64)
        )

    def with_settings(self, **settings) -> Recipe:
        """A copy with some settings changed; `None` leaves a setting as it is, and `dataclasses.replace` makes it
        `None`. `steps` takes the place of `epochs`."""
        given = {key: value for key, value in settings.items() if value is not None}
        if "steps" in given and "epochs" not in given:
            given["epochs"] = None
        return replace(self, **given)


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
