"""`weights_manifest.json`, the only list of presets."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kerasalign.core.origin import Weights
from kerasalign.hub.errors import UnknownPreset
from kerasalign.hub.preset import Preset
from kerasalign.support.bounded import read_json

VERSION = 1
FILE_NAME = "weights_manifest.json"
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class DetectorEntry:
    """The library's own face detector.

    Args:
        weights: Its weights.
        exported: Files of the same network for other runtimes, in the folder of the weights: name to SHA-256.
    """

    weights: Weights
    exported: Mapping[str, str]

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Checks the manifest's entry.

        Raises:
            ValueError: If a field is wrong, or the weights are not bundled.
        """
        weights = Weights.from_json(entry["weights"])
        if weights.source != "bundled":
            raise ValueError(f"Weights of the detector are bundled. Received: source={weights.source!r}")
        return cls(weights, entry.get("exported", {}))


@dataclass(frozen=True)
class Manifest:
    """The presets of this release.

    Args:
        presets: Preset name to entry, in the manifest's order.
        default: Name of the preset that is used when none is named.
        detector: The library's own face detector; `None` where a release has none.
    """

    presets: Mapping[str, Preset]
    default: str
    detector: DetectorEntry | None = None

    def __getitem__(self, name: str) -> Preset:
        """The preset of that name.

        Raises:
            UnknownPreset: If no preset has it; the message names the nearest names.
        """
        if name not in self.presets:
            nearest = difflib.get_close_matches(str(name).lower(), self.presets, n=3, cutoff=0.5)
            hint = f"The nearest are {nearest}." if nearest else f"Known are {list(self.presets)}."
            raise UnknownPreset(f"No preset has this name. {hint} Received: name={name!r}")
        return self.presets[name]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Checks a parsed manifest.

        Raises:
            ValueError: If its version is another, or an entry is wrong.
        """
        version = data.get("version") if isinstance(data, Mapping) else None
        if version != VERSION:
            raise ValueError(f"A manifest is an object of `version` {VERSION}. Received: version={version!r}")
        presets = {name: Preset.from_json(name, entry) for name, entry in data.get("presets", {}).items()}
        unpublished = [name for name, preset in presets.items() if preset.weights and preset.weights.source == "folder"]
        if unpublished:
            raise ValueError(
                "Weights of the manifest are bundled, in kerasalign-weights, or on the Hub: publish a folder's. "
                f"Received: source='folder' of {unpublished}"
            )
        default = data.get("default")
        if not isinstance(default, str) or default not in presets:
            raise ValueError(f"`default` must name one of the presets. Received: default={default!r}")
        detector = data.get("detector")
        return cls(presets, default, detector and DetectorEntry.from_json(detector))

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Reads and checks a manifest file.

        Raises:
            ValueError: If the file is not a valid manifest; the message names the file.
        """
        try:
            return cls.from_json(read_json(path))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def manifest_path() -> Path:
    """Path of the manifest of this installation.

    A wheel has it inside the package. A checkout, and so an editable install, has it at the top level, beside
    `pyproject.toml`.

    Raises:
        FileNotFoundError: If it is in neither place.
    """
    paths = (_PACKAGE / FILE_NAME, _PACKAGE.parent / FILE_NAME)
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"This installation of kerasalign is incomplete: {FILE_NAME} is in none of "
        f"{[str(path) for path in paths]}. Install it again."
    )
