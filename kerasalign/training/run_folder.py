"""The folder of a training run: state to resume from, weights, and run card."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from kerasalign.support.files import sha256, write_json, written_beside
from kerasalign.training.run_card import RunCard
from kerasalign.training.versions import versions
from kerasalign.training.weights import averaged_weights, without_optimizer, write_weights

Model = TypeVar("Model", bound=keras.Model)

CARD, STATE = "run.json", "state.json"
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
    if not resume and (Path(run_dir) / STATE).exists():
        raise ValueError(f"The folder holds a run already. Received: run_dir={str(run_dir)!r}, resume=False")


class RunFolder(keras.callbacks.Callback):
    """Keras callback that keeps the folder of a run up to date.

    Files:
        `state-EPOCH.weights.h5`: weights and optimizer, after every epoch.
        `state.json`: name and digest of that file, the states of the random number generators, and the card.
        `best.weights.h5`: weights of the best epoch, averaged where the optimizer averages.
        `last.weights.h5`: such weights of the end.
        `run.json`: the run card, a `RunCard`.

    Each file is replaced as a whole, and a state is removed only after `state.json` names the next one: a kill at any
    moment costs at most the epoch in progress.

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

    def restore(self, model: keras.Model) -> int:
        """Loads the newest state into a compiled model.

        Returns:
            The epoch to go on with; 0 for a new run.

        Raises:
            ValueError: If the folder holds a run with other settings, or its state is missing or damaged.
        """
        record = self.directory / STATE
        if not record.exists():
            return 0
        state = _read_state(record)
        card = RunCard.from_json(state["card"], str(record))
        wanted, saved = self.card.settings, card.settings
        if wanted != saved:
            names = sorted(key for key in wanted | saved if wanted.get(key) != saved.get(key))
            raise ValueError(
                f"The folder holds a run with other settings: {names}. Use another folder, or the same settings. "
                f"Received: run_dir={str(self.directory)!r}"
            )
        model.optimizer.build(model.trainable_variables)
        path = self.directory / state["file"]
        if not path.exists() or sha256(path) != state["sha256"]:
            raise ValueError(
                f"The saved state {path.name} is missing or damaged. Received: run_dir={str(self.directory)!r}"
            )
        model.load_weights(path)
        for variable, value in zip(seed_states(model), state["seeds"], strict=True):
            variable.assign(value)
        self.card = replace(card, versions=versions())
        return int(state["epoch"])

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
        """Saves the state, the card, and the weights if the epoch is the best so far."""
        now = time.monotonic()
        seconds = round(self.card.seconds + now - self._clock, 1)
        self._clock = now
        row = {key: round(float(value), 5) for key, value in (logs or {}).items()}
        curve = [*self.card.curve, {"epoch": epoch + 1, "step": int(self.model.optimizer.iterations)} | row]
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
        with written_beside(self.directory / name) as draft:
            self.model.save_weights(draft)
        seeds = [np.asarray(keras.ops.convert_to_numpy(state)).tolist() for state in seed_states(self.model)]
        state = {"epoch": epoch, "file": name, "sha256": sha256(self.directory / name), "seeds": seeds}
        write_json(self.directory / STATE, state | {"card": self.card.to_json()})
        for old in self.directory.glob("state-*.weights.h5"):
            if old.name != name:
                old.unlink(missing_ok=True)


def _read_state(path: Path) -> dict[str, Any]:
    state = json.loads(path.read_text("utf-8"))
    missing = sorted({"epoch", "file", "sha256", "seeds", "card"} - set(state))
    if missing:
        raise ValueError(f"{path} does not hold the state of a run: {missing} are missing")
    return state
