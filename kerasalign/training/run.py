"""A training run on disk: resumable state, best weights, and a card that says how they came about."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras
import numpy as np

from kerasalign.support.files import plain_json, sha256, write_json, written_beside


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Holds the optimiser's averaged weights in the model while the block runs."""
    if not getattr(model.optimizer, "use_ema", False):
        yield
        return
    kept = model.get_weights()
    try:
        model.optimizer.finalize_variable_values(model.trainable_variables)
        yield
    finally:
        model.set_weights(kept)


def save_weights(model: keras.Model, path: Path, dtype: str = "float32") -> None:
    """Writes a `.weights.h5` of the network alone (no optimiser), whole or not at all.

    `float16` halves the file; it loads into a float32 model.
    """
    bare = type(model).from_config(model.get_config() | {"dtype": dtype})
    bare.set_weights([np.asarray(weight, dtype) for weight in model.get_weights()])
    with written_beside(path) as draft:
        bare.save_weights(draft)


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Where a network's random numbers stand, in a stable order: Keras' weights files leave that out."""
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]


def check_resume(run_dir, resume: bool) -> None:
    """Raises if a folder holds a run that is not to go on.

    Raises:
        ValueError: If it does and `resume` is `False`.
    """
    if not resume and (Path(run_dir) / "state.json").exists():
        raise ValueError(f"The folder holds a run already. Received: run_dir={str(run_dir)!r}, resume=False")


class RunFolder(keras.callbacks.Callback):
    """Keeps a run's folder: after every epoch the state to resume from, the best weights and the run card.

    Files: `state-EPOCH.weights.h5` (weights and optimiser) named with its digest by `state.json`, which holds the
    states of random numbers too, `best.weights.h5` (averaged weights of the best epoch), `last.weights.h5` (at the
    end), `run.json` (the card). Each is replaced whole, and a state is removed only when `state.json` names the next
    one: a kill at any moment costs at most the epoch in progress.

    Args:
        directory: The run's folder.
        card: What is known before training: settings, data hash, seed. NumPy's numbers and arrays become plain ones
            and tuples lists, as JSON gives them back.
        monitor: Log that the best epoch has least of; `val_nme` or, without validation, `nme`.

    Raises:
        ValueError: If the card holds what JSON cannot; on `restore`, if the folder holds a run with other settings.
    """

    def __init__(self, directory: Path, card: dict, monitor: str = "val_nme"):
        super().__init__()
        self.directory = Path(directory)
        # Now, not after an epoch: what cannot be written is said before any work, and what can compares equal later.
        plain = {key: plain_json(value, f"A run's {key}") for key, value in card.items()}
        self.card = plain | {"versions": versions(), "curve": [], "best": None, "seconds": 0.0}
        self.monitor = monitor

    def restore(self, model: keras.Model) -> int:
        """Loads the newest state into a compiled model; returns the epoch to go on with, 0 for a new run."""
        record = self.directory / "state.json"
        if not record.exists():
            return 0
        state = json.loads(record.read_text("utf-8"))
        wanted, found = self.card["settings"], state["card"]["settings"]
        if wanted != found:
            names = sorted(k for k in wanted | found if wanted.get(k) != found.get(k))
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
        # Runs of older versions have no `seeds`: they go on with those that the network was made with.
        for variable, value in zip(seed_states(model), state.get("seeds", ())):
            variable.assign(value)
        self.card = state["card"] | {"versions": versions()}
        return int(state["epoch"])

    def finished(self, model: keras.Model) -> keras.Model:
        """The trained network in float32, with `last.weights.h5`.

        Args:
            model: The one that was trained, or restored from the state of the last epoch: a kill between that state
                and the end of the training leaves no last weights, so they are written from it.
        """
        path = self.directory / "last.weights.h5"
        if not path.exists():
            self._save_last(model)
        # A fresh network: the one in training carries an optimiser, which the weights file does not.
        trained = type(model).from_config(model.get_config() | {"dtype": "float32"})
        trained.load_weights(path)
        return trained

    def on_train_begin(self, logs=None):
        self._clock = time.monotonic()
        # Those of a training that was stopped early are not those of the end.
        (self.directory / "last.weights.h5").unlink(missing_ok=True)

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        self.card["seconds"] = round(self.card["seconds"] + now - self._clock, 1)
        self._clock = now
        row = {key: round(float(value), 5) for key, value in (logs or {}).items()}
        self.card["curve"].append({"epoch": epoch + 1, "step": int(self.model.optimizer.iterations)} | row)
        best = self.card["best"]
        value = row.get(self.monitor)
        if value is not None and np.isfinite(value) and (best is None or value < best[self.monitor]):
            with averaged_weights(self.model):
                save_weights(self.model, self.directory / "best.weights.h5")
            self.card["best"] = {"epoch": epoch + 1, self.monitor: value}
        self._save_state(epoch + 1)
        write_json(self.directory / "run.json", self.card)

    def on_train_end(self, logs=None):
        self._save_last(self.model)

    def _save_last(self, model: keras.Model) -> None:
        # `fit` has put the averaged weights into the model only after `on_train_end`; hence explicitly here.
        with averaged_weights(model):
            save_weights(model, self.directory / "last.weights.h5")

    def _save_state(self, epoch: int) -> None:
        name = f"state-{epoch}.weights.h5"
        with written_beside(self.directory / name) as draft:
            self.model.save_weights(draft)
        digest = sha256(self.directory / name)
        seeds = [np.asarray(keras.ops.convert_to_numpy(state)).tolist() for state in seed_states(self.model)]
        record = {"epoch": epoch, "file": name, "sha256": digest, "seeds": seeds, "card": self.card}
        write_json(self.directory / "state.json", record)
        for old in self.directory.glob("state-*.weights.h5"):
            if old.name != name:
                old.unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """Versions that decide a run's numbers."""
    found = {"python": platform.python_version(), "backend": keras.backend.backend(), "machine": platform.machine()}
    for package in ("kerasalign", "keras", keras.backend.backend(), "numpy", "opencv-python-headless"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
