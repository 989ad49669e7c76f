"""How the detector is trained: from a folder of heads to a run folder."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass, field, replace

import keras

from kerasalign.detection.own.network import FaceDetector
from kerasalign.detection.training.crowd import Crowd, CrowdConfig
from kerasalign.detection.training.pool import HeadPool
from kerasalign.detection.training.stream import CrowdStream, compose_scenes
from kerasalign.support.files import sha256
from kerasalign.training import AveragedAdam, RunFolder

logger = logging.getLogger(__name__)

#: Number of the first scene that is only looked at, and scenes of one batch of them.
HELD_OUT, CHECKED = 100_000_000, 32


@dataclass(frozen=True)
class DetectorRecipe:
    """Settings of a training run: Adam with a warm start and a cosine to zero, averaged weights.

    Args:
        model: Arguments of `FaceDetector`.
        crowd: What scenes hold, beside the folders that `fit` is given.
        steps: Optimiser steps.
        batch_size: Scenes per step.
        learning_rate: Highest learning rate.
        warmup: Share of the steps in which it rises.
        ema_decay: Decay of the averaged weights that are kept.
        steps_per_epoch: Steps between validations and checkpoints; a run is a whole number of such epochs.
        validation: Held-out scenes that choose the best epoch, of the same heads.
        seed: Seed of weights and scenes.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`. Weights are float32 in all.

    Raises:
        ValueError: If a setting is out of its range.

    Example:

        DetectorRecipe(steps=6000).fit("heads", "runs/detector", backgrounds="photos")
    """

    model: dict = field(default_factory=dict)
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
        known = ("float32", "mixed_bfloat16", "mixed_float16")
        if self.precision not in known:
            raise ValueError(f"`precision` must be one of {list(known)}. Received: precision={self.precision!r}")
        object.__setattr__(self, "steps_per_epoch", min(self.steps_per_epoch, self.steps))

    def optimizer(self) -> keras.optimizers.Optimizer:
        """A new optimiser with the schedule."""
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
        heads,
        run_dir,
        *,
        backgrounds=None,
        negatives=None,
        initial_weights=None,
        processes: int = 1,
        verbose="auto",
        callbacks=(),
    ) -> FaceDetector:
        """Trains from a folder of heads to a run folder; a run that is there goes on.

        Args:
            heads: Folder of `write_pool`.
            run_dir: Where state, weights and run card go.
            backgrounds: Folder of photographs without faces.
            negatives: Folder of `mine_negatives`.
            initial_weights: Weights file of the same network to start from, instead of random weights.
            processes: Processes that compose scenes.
            verbose: As in `keras.Model.fit`.
            callbacks: Further Keras callbacks.

        Returns:
            The trained network in float32, with averaged weights.

        Raises:
            ValueError: If a folder holds nothing to train on, or a run with other settings.
        """
        keras.utils.set_random_seed(self.seed)
        pool = HeadPool(heads)
        folders = {"backgrounds": backgrounds and str(backgrounds), "negatives": negatives and str(negatives)}
        crowd = Crowd(pool, replace(self.crowd, **folders), self.seed)
        precise = {} if self.precision == "float32" else {"dtype": self.precision}
        network = FaceDetector(**self.model | precise)
        settings = asdict(self) | {"crowd": crowd.config.get_config(), "heads": len(pool), "pool": pool.card}
        if initial_weights is not None:
            network.load_weights(initial_weights)
            settings["initial_weights"] = sha256(initial_weights)
        finished = network.get_config() | {"dtype": "float32"}
        folder = RunFolder(run_dir, {"recipe": "detector", "settings": settings, "model": finished}, "val_loss")
        network.compile(self.optimizer(), jit_compile=keras.backend.backend() == "jax")
        epoch, epochs = folder.restore(network), -(-self.steps // self.steps_per_epoch)
        if epoch:
            logger.info("Going on after epoch %d of %d", epoch, epochs)
        if epoch < epochs:
            stream = CrowdStream(crowd, self.batch_size, self.steps_per_epoch, processes=processes)
            checked = compose_scenes(crowd, range(HELD_OUT, HELD_OUT + self.validation))
            # The stream has its own seeded order; Keras' shuffling of batches would not survive a restart.
            network.fit(
                stream,
                epochs=epochs,
                initial_epoch=epoch,
                validation_data=checked,
                validation_batch_size=CHECKED,
                verbose=verbose,
                shuffle=False,
                callbacks=[stream.epoch_callback(), keras.callbacks.SwapEMAWeights(), folder, *callbacks],
            )
        return folder.finished(network)
