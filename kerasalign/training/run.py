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

from kerasalign.files import sha256, write_json, written_beside


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


class RunFolder(keras.callbacks.Callback):
    """Keeps a run's folder: after every epoch the state to resume from, the best weights and the run card.

    Files: `state-EPOCH.weights.h5` (weights and optimiser) named with its digest by `state.json`,
    `best.weights.h5` (averaged weights of the best epoch), `last.weights.h5` (at the end), `run.json` (the
    card). Each is replaced whole, and a state is removed only when `state.json` names the next one: a kill at
    any moment costs at most the epoch in progress.

    Args:
        directory: The run's folder.
        card: What is known before training: settings, data hash, seed.
        monitor: Log that the best epoch has least of; `val_nme` or, without validation, `nme`.

    Raises:
        ValueError: On `restore`, if the folder holds a run with other settings.
    """

    def __init__(self, directory: Path, card: dict, monitor: str = "val_nme"):
        super().__init__()
        self.directory = Path(directory)
        self.card = card | {"versions": versions(), "curve": [], "best": None, "seconds": 0.0}
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
            raise ValueError(f"The saved state {path.name} is missing or damaged. "
                             f"Received: run_dir={str(self.directory)!r}")
        model.load_weights(path)
        self.card = state["card"] | {"versions": versions()}
        return int(state["epoch"])

    def on_train_begin(self, logs=None):
        self._clock = time.monotonic()

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
        # `fit` has put the averaged weights into the model only after this; hence explicitly here.
        with averaged_weights(self.model):
            save_weights(self.model, self.directory / "last.weights.h5")

    def _save_state(self, epoch: int) -> None:
        name = f"state-{epoch}.weights.h5"
        with written_beside(self.directory / name) as draft:
            self.model.save_weights(draft)
        digest = sha256(self.directory / name)
        write_json(
            self.directory / "state.json", {"epoch": epoch, "file": name, "sha256": digest, "card": self.card}
        )
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
