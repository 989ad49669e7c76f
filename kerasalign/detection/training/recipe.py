"""The training recipe of the face detector: from a folder of heads to a run folder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasalign.detection.own.network import FaceDetector
from kerasalign.detection.training.crowd import Crowd, CrowdConfig
from kerasalign.detection.training.pool import HeadPool
from kerasalign.detection.training.stream import CrowdStream, compose_scenes
from kerasalign.training.averaged_adam import AveragedAdam
from kerasalign.training.loop import train

#: Number of the first scene for validation, and scenes in a batch of them.
HELD_OUT, VALIDATION_BATCH = 100_000_000, 32


@dataclass(frozen=True)
class DetectorRecipe:
    """Settings of a training run: Adam with warm-up, a cosine to zero, and averaged weights.

    Args:
        model: Arguments of `FaceDetector`.
        crowd: What scenes hold; `fit` is given the folders.
        steps: Optimizer steps.
        batch_size: Scenes per step.
        learning_rate: Highest learning rate.
        warmup: Share of the steps in which the rate rises.
        ema_decay: Decay of the moving average of the weights, which is what is validated and saved.
        steps_per_epoch: Steps between validations and checkpoints; a run is a whole number of such epochs.
        validation: Held-out scenes that decide which epoch is best. They show the heads of the training scenes.
        seed: Seed of weights and scenes.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`. Weights are float32 in all.

    Raises:
        ValueError: If a setting is out of its range.

    Example:

        DetectorRecipe(steps=6000).fit("heads", "runs/detector", backgrounds="photos")
    """

    model: dict[str, Any] = field(default_factory=dict)
    crowd: CrowdConfig = field(default_factory=CrowdConfig)
    steps: int = 6000
    batch_size: int = 32
    learning_rate: float = 2e-3
    warmup: float = 0.05
    ema_decay: float = 0.998
    steps_per_epoch: int = 200
    validation: int = 256
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "steps_per_epoch", "validation"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={getattr(self, name)}")
        allowed = ("float32", "mixed_bfloat16", "mixed_float16")
        if self.precision not in allowed:
            raise ValueError(f"`precision` must be one of {list(allowed)}. Received: precision={self.precision!r}")
        object.__setattr__(self, "steps_per_epoch", min(self.steps_per_epoch, self.steps))

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Makes a new optimizer with the schedule."""
        warmup = max(math.ceil(self.warmup * self.steps), 1)
        schedule = keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 20,
            max(self.steps - warmup, 1),
            alpha=1e-3,
            warmup_target=self.learning_rate,
            warmup_steps=warmup,
        )
        return AveragedAdam(schedule, self.ema_decay, global_clipnorm=20.0)

    def fit(
        self,
        heads: str | Path | Sequence[str | Path],
        run_dir: str | Path,
        *,
        backgrounds: str | Path | None = None,
        negatives: str | Path | None = None,
        initial_weights: str | Path | None = None,
        processes: int = 1,
        verbose: str | int = "auto",
        callbacks: Iterable[keras.callbacks.Callback] = (),
    ) -> FaceDetector:
        """Trains on folders of heads. A run that is in the run folder goes on.

        Args:
            heads: Folder that `write_pool` or `write_photo_pool` wrote, or several, whose heads are drawn alike.
            run_dir: Folder for state, weights and run card; see `RunFolder`.
            backgrounds: Folder of photographs without faces.
            negatives: Folder that `mine_negatives` wrote.
            initial_weights: Weights file of the same network to start from, instead of random weights.
            processes: Processes that compose scenes.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.

        Returns:
            The trained network in float32, not compiled, with averaged weights.

        Raises:
            ValueError: If a folder holds nothing to train on, or `run_dir` holds a run with other settings.
        """
        pool = HeadPool(*([heads] if isinstance(heads, (str, Path)) else heads))
        folders = {"backgrounds": backgrounds and str(backgrounds), "negatives": negatives and str(negatives)}
        crowd = Crowd(pool, replace(self.crowd, **folders), self.seed)

        def validation() -> tuple[np.ndarray, np.ndarray]:
            return compose_scenes(crowd, range(HELD_OUT, HELD_OUT + self.validation))

        dtype: dict[str, Any] = {} if self.precision == "float32" else {"dtype": self.precision}
        keras.utils.set_random_seed(self.seed)
        return train(
            FaceDetector(**self.model | dtype),
            CrowdStream(crowd, self.batch_size, self.steps_per_epoch, processes=processes),
            validation,
            run_dir,
            recipe="detector",
            settings=asdict(self) | {"crowd": crowd.config.get_config(), "heads": len(pool), "pool": pool.card},
            optimizer=self.optimizer(),
            steps=self.steps,
            watch="loss",
            initial_weights=initial_weights,
            validation_batch_size=VALIDATION_BATCH,
            verbose=verbose,
            callbacks=callbacks,
            jit_compile=keras.backend.backend() == "jax",
        )
