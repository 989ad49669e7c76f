"""The settings of a training run that every paper's recipe has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, cast

import keras
import numpy as np

from kerasalign.core.config import ModelConfig
from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.data.balance import gdb_weights, pdb_copies
from kerasalign.data.cache import CropCache
from kerasalign.data.loader import FaceLoader
from kerasalign.data.split import split_indices
from kerasalign.markups import Markup
from kerasalign.training.faces import crop_cache, face_loader
from kerasalign.training.loop import train
from kerasalign.training.run_folder import check_resume


@dataclass(frozen=True)
class Recipe:
    """Settings of a training run. The recipe of a paper sets defaults, optimizer and schedules.

    Args:
        model: Config of the network, without the fields that are learned from the training faces.
        dataset: Name of the data set.
        steps: Optimizer steps.
        epochs: Passes over the training faces, or `None`. If given, it decides `steps`, and validation and checkpoints
            come once a pass.
        batch_size: Faces per step.
        learning_rate: Initial learning rate.
        schedule: One of the class's `schedules`.
        ema_decay: Decay of the moving average of the weights, which is what is validated and saved; `None`: no average.
        augment: Name of the augmentation preset.
        balance: How faces are drawn. `"gdb"`: at random, and more often the rarer their shape is; `"pdb"`: from a list
            that repeats the faces of rare poses, and a pass goes over that list; `"none"`: each face once a pass.
        steps_per_epoch: Steps between validations and checkpoints; a run is a whole number of such epochs.
        validation: Training faces that are held out to watch the NME and to pick the best epoch. Faces that look
            alike, such as frames of a video, are held out as a group, so that it can be more.
        nme_normalizer: Normalizer of the reported NME.
        seed: Seed of initial weights, split, order and augmentation.
        precision: `"float32"` or `"mixed_bfloat16"`, which is faster on processors that multiply bfloat16. Weights
            are float32 in both.
        reader_options: Options of the data set's reader, such as `{"images": "photos"}`. Readers that take a `markup`
            get that of the model.

    Raises:
        ValueError: If a setting is out of its range.
    """

    model: ModelConfig
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
    nme_normalizer: str = "inter_ocular"
    seed: int = 0
    precision: str = "float32"
    reader_options: dict[str, Any] = field(default_factory=dict)

    paper: ClassVar[str]
    schedules: ClassVar[tuple[str, ...]] = ("staircase", "cosine")

    def __post_init__(self) -> None:
        choices = {
            "schedule": self.schedules,
            "balance": ("gdb", "pdb", "none"),
            "precision": ("float32", "mixed_bfloat16"),
        }
        for name, allowed in choices.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {name}={value!r}")
        for name in ("steps", "batch_size", "steps_per_epoch", "epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        if self.model.scheme is None:
            raise ValueError(f"`model` must have a markup to be trained on a data set. Received: model={self.model!r}")
        object.__setattr__(self, "steps_per_epoch", min(self.steps_per_epoch, self.steps))

    @property
    def markup(self) -> Markup:
        """Point scheme of the network."""
        return cast(Markup, self.model.scheme)

    def learning_rate_schedule(self) -> keras.optimizers.schedules.LearningRateSchedule:
        """Makes the learning rate schedule."""
        raise NotImplementedError(f"{type(self).__name__} must implement learning_rate_schedule().")

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Makes a new optimizer with the schedule."""
        raise NotImplementedError(f"{type(self).__name__} must implement optimizer().")

    def learned_config(self, cache: CropCache, train: np.ndarray) -> dict[str, Any]:
        """Returns the fields of the network's config that the training faces decide, such as their mean shape.

        Args:
            cache: Crops of the data set.
            train: Indices of the training faces.
        """
        return {}

    def network_config(self, cache: CropCache, train: np.ndarray) -> ModelConfig:
        """Returns the config of the network that is trained: `model`, the learned fields and the precision."""
        dtype = self.model.dtype if self.precision == "float32" else self.precision
        return self.model.replace(**self.learned_config(cache, train) | {"dtype": dtype})

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as a run card holds them."""
        settings = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return settings | {"model": self.model.architecture()}

    def draw_weights(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """Returns a weight for each training face, in proportion to which it is drawn; `None`: all alike."""
        return gdb_weights(cache.landmarks[train]) if self.balance == "gdb" else None

    def copies(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """Returns how often each training face comes in a pass; `None`: once."""
        return pdb_copies(cache.landmarks[train], seed=self.seed) if self.balance == "pdb" else None

    def falling_rate(self, shares: Sequence[float], factor: float) -> keras.optimizers.schedules.LearningRateSchedule:
        """Makes a schedule: along a cosine to zero if `schedule` is `"cosine"`, or else down in stairs.

        Args:
            shares: Shares of the steps after which the rate falls.
            factor: By what the rate is multiplied each time.
        """
        if self.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        # Keras keeps a value up to and including its boundary.
        ends = [max(round(share * self.steps), 1) - 1 for share in shares]
        rates = [self.learning_rate * factor**index for index in range(len(ends) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)

    def averages(self) -> dict[str, Any]:
        """Returns the arguments that make an optimizer of Keras average the weights, as far as the recipe does."""
        return {} if self.ema_decay is None else {"use_ema": True, "ema_momentum": self.ema_decay}

    def with_settings(self, **settings: Any) -> Self:
        """Returns a copy with some settings changed.

        `None` leaves a setting as it is; `dataclasses.replace` sets it to `None`. `steps` takes the place of `epochs`.
        """
        changes = {key: value for key, value in settings.items() if value is not None}
        if "steps" in changes and "epochs" not in changes:
            changes["epochs"] = None
        return replace(self, **changes)

    def in_steps(self, faces: int) -> Self:
        """Returns the recipe with `epochs` turned into steps.

        Args:
            faces: Faces in a pass.
        """
        if self.epochs is None:
            return self
        steps = -(-faces // self.batch_size)
        return replace(self, steps=self.epochs * steps, steps_per_epoch=steps)

    def faces_per_pass(self, cache: CropCache, train: np.ndarray) -> int:
        """Returns the number of faces in a pass over the training faces, repeated ones counted as often."""
        copies = self.copies(cache, train)
        return len(train) if copies is None else int(copies.sum())

    def fit(
        self,
        data_dir: str | Path,
        run_dir: str | Path,
        *,
        cache_dir: str | Path | None = None,
        initial_weights: str | Path | None = None,
        resume: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        verbose: str | int = "auto",
        callbacks: Iterable[keras.callbacks.Callback] = (),
        workers: int = 1,
    ) -> LandmarkModel:
        """Trains the network on the folder of a data set.

        Args:
            data_dir: Folder of the data set in its official layout.
            run_dir: Folder for state, weights and run card; see `RunFolder`. A run that is in the folder goes on.
            cache_dir: Folder of the crop cache; by default `run_dir/cache`.
            initial_weights: Weights file of the same network to start from, instead of random weights.
            resume: `False` refuses a folder that holds a run.
            on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.
            workers: Batches that are made at the same time.

        Returns:
            The trained model in float32, not compiled; with averaged weights where the recipe averages them.

        Raises:
            ValueError: If the data set is not there, or the folder holds a run with other settings.
        """
        check_resume(run_dir, resume)
        cache = crop_cache(self, data_dir, "train", cache_dir or Path(run_dir) / "cache", on_error)
        faces, held_out = split_indices(len(cache), min(self.validation, len(cache) // 5), self.seed, cache.groups)
        crop = self.model.crop
        plan = self.in_steps(self.faces_per_pass(cache, faces))

        def validation() -> FaceLoader:
            return FaceLoader.evaluation(cache, crop, indices=held_out, batch_size=min(self.batch_size, 64))

        facts = {"data_hash": cache.content_hash, "faces": len(faces), "held_out": len(held_out)}
        config = self.network_config(cache, faces)
        keras.utils.set_random_seed(self.seed)
        return train(
            config.build(),
            face_loader(plan, cache, faces, workers),
            validation if len(held_out) else None,
            run_dir,
            recipe=self.paper,
            settings=plan.to_json() | facts,
            optimizer=plan.optimizer(),
            steps=plan.steps,
            nme_normalizer=self.nme_normalizer,
            skipped=cache.skipped,
            initial_weights=initial_weights,
            verbose=verbose,
            callbacks=callbacks,
        )
