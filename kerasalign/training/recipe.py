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
from kerasalign.data.boxes import BoxDetector
from kerasalign.data.cache import CropCache
from kerasalign.data.loader import FaceLoader
from kerasalign.data.split import split_indices
from kerasalign.markups import Markup
from kerasalign.metrics.box_source import BoxSource
from kerasalign.training.devices import training_devices
from kerasalign.training.faces import crop_cache, face_loader
from kerasalign.training.network import train_network
from kerasalign.training.run_folder import check_resume
from kerasalign.training.sources import FaceSource, describe_sources, sources_of, without_places


@dataclass(frozen=True)
class Recipe:
    """Settings of a training run. The recipe of a paper sets defaults, optimizer and schedules.

    Args:
        model: Config of the network, without the fields that are learned from the training faces.
        dataset: Name of the data set.
        split: Its split that is trained on.
        boxes: Box source of the training crops, such as `"dataset:detector"`, `"detector:mtcnn"` or
            `"jittered:0.2"`; `None`: the kind of box that the network's crop is made for.
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
        balance_components: K, the number of principal components that `"gdb"` keeps; `None`: as many as hold 95 % of
            the variance.
        balance_bins: Bins of `"pdb"`.
        balance_absolute: Whether faces turned to either side share a bin of `"pdb"`.
        margin: Side of the cached crops in units of the box's longer side; `None`: what the augmentation reaches, so
            that no augmented crop shows more than the photo's own border.
        nme_normalizer: Normalizer of the reported NME; `"box_size"` in place of the default for a markup without eyes.
        seed: Seed of initial weights, split, order and augmentation.
        precision: `"float32"` or `"mixed_bfloat16"`, which is faster on processors that multiply bfloat16. Weights
            are float32 in both.
        learn: Whether the training faces decide the fields of `learned_config`; not for a network that starts from
            weights that fit the fields it has.
        reader_options: Options of the data set's reader, such as `{"images": "photos"}`. Readers that take a `markup`
            get that of the model.

    Raises:
        ValueError: If a setting is out of its range.
    """

    model: ModelConfig
    dataset: str = "300w"
    split: str = "train"
    boxes: str | None = None
    steps: int = 24_000
    epochs: int | None = None
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "staircase"
    ema_decay: float | None = None
    augment: str = "none"
    balance: str = "none"
    balance_components: int | None = None
    balance_bins: int = 9
    balance_absolute: bool = False
    margin: float | None = None
    steps_per_epoch: int = 300
    validation: int = 100
    nme_normalizer: str = "inter_ocular"
    seed: int = 0
    precision: str = "float32"
    learn: bool = True
    reader_options: dict[str, Any] = field(default_factory=dict)

    paper: ClassVar[str]
    # Fields of the network that training needs and a preset, which is for photos, has not.
    trained_with: ClassVar[dict[str, Any]] = {}
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
        for name in ("steps", "batch_size", "steps_per_epoch", "epochs", "balance_components", "balance_bins"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        if self.model.scheme is None:
            raise ValueError(f"`model` must have a markup to be trained on a data set. Received: model={self.model!r}")
        if self.nme_normalizer == "inter_ocular" and "inter_ocular" not in self.model.scheme.eyes:
            object.__setattr__(self, "nme_normalizer", "box_size")
        if self.boxes is not None and BoxSource.parse(self.boxes).roll:
            raise ValueError(f"`boxes` turns no crop: augmentation does in training. Received: boxes={self.boxes!r}")
        if self.precision != "float32" and self.model.dtype not in (None, self.precision):
            raise ValueError(
                "`precision` and the `dtype` of the model must agree. "
                f"Received: precision={self.precision!r}, dtype={self.model.dtype!r}"
            )
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
        learned = self.learned_config(cache, train) if self.learn else {}
        return self.model.replace(**learned | {"dtype": dtype})

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as a run card holds them."""
        settings = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return settings | {"model": self.model.architecture(), "reader_options": without_places(self.reader_options)}

    def draw_weights(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """Returns a weight for each training face, in proportion to which it is drawn; `None`: all alike."""
        if self.balance != "gdb":
            return None
        return gdb_weights(cache.landmarks[train], components=self.balance_components)

    def copies(self, cache: CropCache, train: np.ndarray) -> np.ndarray | None:
        """Returns how often each training face comes in a pass; `None`: once."""
        if self.balance != "pdb":
            return None
        return pdb_copies(cache.landmarks[train], self.balance_bins, self.seed, self.balance_absolute)

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
        """Returns a copy with some settings changed. `steps` takes the place of `epochs`.

        Raises:
            ValueError: If a setting is unknown or out of its range.
        """
        known = [entry.name for entry in fields(self)]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise ValueError(f"{type(self).__name__} takes the settings {known}. Received: {unknown}")
        if settings.get("steps") is not None and "epochs" not in settings:
            settings["epochs"] = None
        return replace(self, **settings)

    def resolved(self) -> Self:
        """Returns the recipe with the settings written out that are `None` because the network decides them."""
        return self

    def in_steps(self, faces: int) -> Self:
        """Returns the recipe with `epochs` turned into steps.

        Args:
            faces: Faces in a pass.
        """
        plan = self.resolved()
        if plan.epochs is None:
            return plan
        steps = -(-faces // plan.batch_size)
        return replace(plan, steps=plan.epochs * steps, steps_per_epoch=steps)

    def faces_per_pass(self, cache: CropCache, train: np.ndarray) -> int:
        """Returns the number of faces in a pass over the training faces, repeated ones counted as often."""
        copies = self.copies(cache, train)
        return len(train) if copies is None else int(copies.sum())

    def fit(
        self,
        data: str | Path | Sequence[FaceSource],
        run_dir: str | Path,
        *,
        cache_dir: str | Path | None = None,
        detector: BoxDetector | None = None,
        initial_weights: str | Path | None = None,
        resume: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        verbose: str | int = "auto",
        callbacks: Iterable[keras.callbacks.Callback] = (),
        workers: int = 1,
        distribution: Any = None,
    ) -> LandmarkModel:
        """Trains the network on the folder of a data set, or on several.

        Args:
            data: Folder of the recipe's data set in its official layout, or several `FaceSource`s, which bring their
                own splits and reader options.
            run_dir: Folder for state, weights and run card; see `RunFolder`. A run that is in the folder goes on.
            cache_dir: Folder of the crop cache; by default `run_dir/cache`. A cache of other crops in it is refused.
            detector: The detector of `boxes="detector:NAME"`, from `kerasalign.detection.get_detector`.
            initial_weights: Weights file of the same network to start from, instead of random weights.
            resume: `False` refuses a folder that holds a run.
            on_error: `"raise"`, or `"skip"` to leave broken faces out and log them.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.
            workers: Batches that are made at the same time.
            distribution: Several devices that share each batch: `"all"`, a number, or an object of the backend; see
                `training_devices`. A run may go on with another number of devices.

        Returns:
            The trained model in float32, not compiled; with averaged weights where the recipe averages them.

        Raises:
            ValueError: If a data set is not there, a folder holds a run with other settings or other crops, or the
                devices cannot share a batch.
        """
        devices = training_devices(distribution, self.batch_size)
        check_resume(run_dir, resume)
        own = Path(run_dir) / "cache"
        cache = crop_cache(self, data, cache_dir or own, on_error, cache_dir is None, detector)
        faces, held_out = split_indices(len(cache), min(self.validation, len(cache) // 5), self.seed, cache.groups)
        crop = self.model.crop
        plan = self.in_steps(self.faces_per_pass(cache, faces))

        def validation() -> keras.utils.PyDataset:
            return FaceLoader.evaluation(cache, crop, indices=held_out, batch_size=min(plan.batch_size, 64))

        facts = {"data_hash": cache.content_hash, "faces": len(faces), "held_out": len(held_out)}
        return train_network(
            plan,
            self.network_config(cache, faces),
            face_loader(plan, cache, faces, workers),
            validation if len(held_out) else None,
            run_dir,
            devices,
            facts | describe_sources(sources_of(self, data)),
            skipped=cache.skipped,
            initial_weights=initial_weights,
            verbose=verbose,
            callbacks=callbacks,
        )
