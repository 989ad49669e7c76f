"""The folder of a training run: state to resume from, weights, and run card."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from kerasalign.core.finite import non_finite
from kerasalign.support.files import sha256, write_json
from kerasalign.training.divergence import TrainingDiverged
from kerasalign.training.run_card import RunCard
from kerasalign.training.versions import versions
from kerasalign.training.weights import averaged_weights, weights_file, without_optimizer, write_weights

logger = logging.getLogger(__name__)

Model = TypeVar("Model", bound=keras.Model)

CARD, STATE, OLDER = "run.json", "state.json", "state.older.json"
BEST, LAST = "best.weights.h5", "last.weights.h5"


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of a network's random number generators, in a stable order.

    Weights files of Keras leave them out.
    """
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]


def check_resume(run_dir: str | Path, resume: bool) -> None:
    """Checks that a folder holds no run, unless the run may go on.

    Raises:
        ValueError: If the folder holds a run and `resume` is `False`.
    """
    if not resume and any((Path(run_dir) / name).exists() for name in (STATE, OLDER)):
        raise ValueError(f"The folder holds a run already. Received: run_dir={str(run_dir)!r}, resume=False")


class RunFolder(keras.callbacks.Callback):
    """Keras callback that keeps the folder of a run up to date.

    Files:
        `state-EPOCH.weights.h5`: weights and optimizer, after every epoch; the last one and the one before.
        `state.json`: name and digest of the last one, the states of the random number generators, and the card.
        `state.older.json`: the same of the one before, for a `state.json` or a state that is damaged.
        `best.weights.h5`: weights of the best epoch, averaged where the optimizer averages.
        `last.weights.h5`: such weights of the end.
        `run.json`: the run card, a `RunCard`.

    Each file is replaced as a whole, and a state is removed only after `state.json` names the next one: a kill at any
    moment costs at most the epoch in progress. Weights with NaN are never saved.

    Args:
        directory: The folder.
        card: What is known before training.
        monitor: Name of the log that is least in the best epoch.
    """

    def __init__(self, directory: str | Path, card: RunCard, monitor: str = "val_nme"):
        super().__init__()
        self.directory = Path(directory)
        self.card = replace(card, versions=versions())
        self.monitor = monitor
        # Saves the weights of every best epoch and is the result of the run: one network for all of it.
        self._copy: keras.Model | None = None
        # The record of the last state.
        self._saved: dict[str, Any] | None = None

    def restore(self, model: keras.Model) -> int:
        """Loads the newest state into a compiled model.

        Returns:
            The epoch to go on with; 0 for a new run.

        Raises:
            ValueError: If the folder holds a run with other settings, or its states are missing or damaged.
        """
        records = [self.directory / name for name in (STATE, OLDER)]
        if not any(record.exists() for record in records):
            return 0
        problems = []
        for record in records:
            try:
                state = _read_state(record)
                break
            except (OSError, ValueError) as error:
                problems.append(str(error))
        else:
            raise ValueError(
                f"The saved states are damaged: {'; '.join(problems)}. Received: run_dir={str(self.directory)!r}"
            )
        self._check_settings(RunCard.from_json(state["card"], str(record)))
        if problems:
            logger.warning("%s. The older state of epoch %d is used.", problems[0], state["epoch"])
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.directory / state["file"])
        for variable, value in zip(seed_states(model), state["seeds"], strict=True):
            variable.assign(value)
        self._saved = state
        self.card = replace(RunCard.from_json(state["card"], str(record)), versions=versions())
        return int(state["epoch"])

    def _check_settings(self, card: RunCard) -> None:
        wanted, saved = self.card.settings, card.settings
        if wanted != saved:
            names = sorted(key for key in wanted | saved if wanted.get(key) != saved.get(key))
            raise ValueError(
                f"The folder holds a run with other settings: {names}. Use another folder, or the same settings. "
                f"Received: run_dir={str(self.directory)!r}"
            )

    def finished(self, model: Model) -> Model:
        """Returns the trained network: the last weights in float32, without optimizer.

        Args:
            model: The network that was trained. After a kill between the last state and the end of the training there
                are no last weights; they are written from this network.
        """
        if not (self.directory / LAST).exists():
            self._save(model, LAST)
        result = self._copy_of(model)
        result.load_weights(self.directory / LAST)
        return result

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._clock = time.monotonic()
        # The last weights of a training that was stopped early are not those of the end.
        (self.directory / LAST).unlink(missing_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the state, the card, and the weights if the epoch is the best so far.

        Raises:
            TrainingDiverged: If a weight is NaN or infinite; nothing is saved then.
            OSError: If the disk is full; the state before stays.
        """
        if spoilt := non_finite([*self.model.weights, *self.model.optimizer.variables]):
            raise TrainingDiverged(
                f"The weight {spoilt} is no finite number after epoch {epoch + 1}. A lower learning rate usually helps"
            )
        now = time.monotonic()
        seconds = round(self.card.seconds + now - self._clock, 1)
        self._clock = now
        row = {key: round(float(value), 5) for key, value in (logs or {}).items()}
        curve = [
            *self.card.curve,
            {"epoch": epoch + 1, "step": int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))} | row,
        ]
        best, value = self.card.best, row.get(self.monitor)
        if value is not None and np.isfinite(value) and (best is None or value < best[self.monitor]):
            self._save(self.model, BEST)
            best = {"epoch": epoch + 1, self.monitor: value}
        self.card = replace(self.card, curve=curve, best=best, seconds=seconds)
        self._save_state(epoch + 1)
        self.card.write(self.directory / CARD)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the last weights."""
        self._save(self.model, LAST)

    def _copy_of(self, model: Model) -> Model:
        if self._copy is None:
            self._copy = without_optimizer(model)
        return self._copy

    def _save(self, model: keras.Model, name: str) -> None:
        # `fit` puts the averaged weights into the model only after `on_train_end`: it is done here.
        with averaged_weights(model):
            write_weights(model, self._copy_of(model), self.directory / name)

    def _save_state(self, epoch: int) -> None:
        name = f"state-{epoch}.weights.h5"
        with weights_file(self.directory / name, [*self.model.variables, *self.model.optimizer.variables]) as draft:
            self.model.save_weights(draft)
        seeds = [np.asarray(keras.ops.convert_to_numpy(state)).tolist() for state in seed_states(self.model)]
        state = {"epoch": epoch, "file": name, "sha256": sha256(self.directory / name), "seeds": seeds}
        kept = {name}
        if self._saved is not None:
            write_json(self.directory / OLDER, self._saved)
            kept.add(self._saved["file"])
        self._saved = state | {"card": self.card.to_json()}
        write_json(self.directory / STATE, self._saved)
        for old in self.directory.glob("state-*.weights.h5"):
            if old.name not in kept:
                old.unlink(missing_ok=True)


def _read_state(path: Path) -> dict[str, Any]:
    """The record of a state whose weights file is intact.

    Raises:
        OSError: If there is no such record.
        ValueError: If the record or its weights file is damaged.
    """
    try:
        state = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error})") from error
    missing = sorted({"epoch", "file", "sha256", "seeds", "card"} - set(state if isinstance(state, dict) else ()))
    if missing:
        raise ValueError(f"{path} does not hold the state of a run: {missing} are missing")
    file = path.parent / str(state["file"])
    if not file.is_file() or sha256(file) != state["sha256"]:
        raise ValueError(f"The saved state {file.name} is missing or damaged")
    return state
