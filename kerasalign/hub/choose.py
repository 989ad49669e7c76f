"""The network that `load` builds, and the weights that it loads into it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.core.origin import Origin, Weights
from kerasalign.hub.errors import WeightsError
from kerasalign.hub.preset import Preset
from kerasalign.hub.resolve import ResolvedPreset
from kerasalign.hub.training_curve import curve_of_run
from kerasalign.models import read_config
from kerasalign.support.files import sha256
from kerasalign.training.run_card import RunCard

logger = logging.getLogger(__name__)

# The card that a training run writes beside its weights.
_RUN_CARD = "run.json"


@dataclass(frozen=True)
class Choice:
    """The network to build and the weights to load into it.

    Args:
        preset: The preset, with the architecture of the run card where there is one.
        file: The weights file; `None` for an untrained network.
        published: The preset's entry of the weights, where the file is the one of that entry.
        run: The run card beside a file of the user's, if there is one.
    """

    preset: Preset
    file: Path | None = None
    published: Weights | None = None
    run: RunCard | None = None

    def digest(self) -> str | None:
        """SHA-256 of the weights; `None` for an untrained network."""
        if self.file is None:
            return None
        return self.published.sha256 if self.published else sha256(self.file)

    @property
    def calibration(self) -> ErrorCalibration | None:
        """What the error estimates of these weights mean, where it was measured."""
        return self.published.calibration if self.published else None

    def origin(self, address: str, of_file: Origin | None = None) -> Origin:
        """What the model says of itself.

        Args:
            address: Name of the preset.
            of_file: What the weights file says. A file of the user's, fine-tuned from a preset, keeps that one's terms.
        """
        values = {key: getattr(self.run, key, None) for key in ("recipe", "settings", "versions", "best")}
        values["curve"] = curve_of_run(self.run.curve) if self.run else None
        training = {key: value for key, value in values.items() if value}
        if self.published is None and of_file is not None and of_file.weights is not None:
            return replace(of_file, training=training or of_file.training)
        return Origin(address, self.preset.dataset, self.published, training)


def choose_weights(resolved: ResolvedPreset, weights: str | Path | None) -> Choice:
    """Decides which network `load` builds and which weights it takes.

    Args:
        resolved: The preset.
        weights: As for `load`: `"auto"`, `None`, or the path of a weights file.

    Raises:
        WeightsNotPublished: If `weights="auto"` and nobody has published weights for the preset.
        WeightsNotInstalled: If they are in the package kerasalign-weights, which is not installed.
        WeightsError: If the file is a `.keras` file, or the run card beside it cannot be read.
        FileNotFoundError: If there is no such file.
    """
    preset = resolved.preset
    if weights is None:
        return Choice(preset)
    if weights == "auto":
        return Choice(preset, resolved.weights_path(), preset.weights)
    file = _own_file(weights)
    # The preset's own file keeps the preset's terms wherever it lies.
    published = preset.weights if _is_file_of(preset.weights, file) else None
    card = file.with_name(_RUN_CARD)
    if not card.is_file():
        return Choice(preset, file, published)
    run = _read_run_card(card)
    architecture = _architecture_of_run(preset, run, card)
    return Choice(replace(preset, architecture=architecture), file, published, run)


def _architecture_of_run(preset: Preset, run: RunCard, card: Path) -> dict[str, Any]:
    """The architecture of a run card. Training decides more than weights: the mean shape is part of it, for example."""
    fields = {key: value for key, value in run.model.items() if key != "name"}
    config, own = read_config(preset.architecture), read_config({**fields, "class": preset.architecture["class"]})
    stated, trained = config.to_json(), own.to_json()
    # Every run states its dtype, most presets none.
    names = [name for name in trained if name != "dtype" and trained[name] != stated.get(name)]
    if names:
        logger.info(
            "The network is built as %s says, which lies beside the weights, and not as preset '%s': they differ in %s",
            card,
            preset.name,
            ", ".join(names),
        )
    return own.architecture()


def _own_file(weights: str | Path) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            "`weights` must be 'auto', None or the path of a weights file; that file "
            f"does not exist. Received: weights={str(weights)!r}"
        )
    if path.suffix == ".keras":
        raise WeightsError(
            "A .keras file can hold code, so that only `keras.models.load_model` opens one, and only if "
            f"you trust it. Give a .weights.h5 file. Received: weights={str(weights)!r}"
        )
    return path


def _is_file_of(weights: Weights | None, file: Path) -> bool:
    """Whether a file is the one of an entry, by size and digest."""
    return weights is not None and file.stat().st_size == weights.bytes and sha256(file) == weights.sha256


def _read_run_card(path: Path) -> RunCard:
    try:
        return RunCard.read(path)
    except ValueError as error:
        raise WeightsError(
            f"{error}. It lies beside the weights and should describe their network: move one of the two elsewhere"
        ) from error
