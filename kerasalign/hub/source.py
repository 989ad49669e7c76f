"""What `load` is asked for: a name of the manifest, a folder, or a repository of the Hub."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kerasalign.hub.errors import UnknownPreset, WeightsError, WeightsNotPublished
from kerasalign.hub.folder import ENTRY, MARKUP, WEIGHTS, read_entry, read_folder
from kerasalign.hub.manifest import Manifest, manifest_path, read_manifest
from kerasalign.hub.preset import Preset
from kerasalign.hub.transfer import commit_of, fetch
from kerasalign.hub.weights import verify, weights_path

logger = logging.getLogger(__name__)

_HUB = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^@\s]+))?")
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Found:
    """A preset and where its files are.

    Args:
        preset: The preset.
        folder: Its folder, if it lies in one.
        file: Its weights file, where a folder of the user's or this checkout holds it; not checked yet.
    """

    preset: Preset
    folder: Path | None = None
    file: Path | None = None

    @property
    def available(self) -> bool:
        """Whether `load` gets trained weights here, from this disk or from the Hub."""
        weights = self.preset.weights
        return weights is not None and (weights.source != "checkout" or self.file is not None)

    def weights_path(self) -> Path:
        """The checked weights file.

        Raises:
            WeightsNotPublished: If weights are neither here nor published; the message says what to do meanwhile.
            WeightsError: As `weights_path`.
        """
        weights = self.preset.weights
        if weights is None:
            raise WeightsNotPublished(how_to_train(self.preset, read_manifest()))
        if self.file is not None:
            verify(self.file, weights)
            return self.file
        try:
            return weights_path(weights, self.folder)
        except WeightsNotPublished as error:
            raise WeightsNotPublished(f"{error}{_stand_in(self.preset, read_manifest())}") from None


def find_preset(name: str | Path) -> Found:
    """The preset of a name, a folder (a `Path`, or text with a `/`) or `hf://user/repo@commit`.

    Raises:
        UnknownPreset: If no preset has that name.
        DownloadFailed: If the repository's entry cannot be had.
        FileNotFoundError: If the folder holds no preset.
        ValueError: If the address or the entry is wrong.
    """
    text = str(name)
    if text.startswith("hf://"):
        return _of_repository(text)
    if isinstance(name, Path) or "/" in text or "\\" in text or text.startswith((".", "~")):
        folder = Path(name).expanduser()
        return Found(read_folder(folder), folder)
    try:
        preset = read_manifest()[text]
    except UnknownPreset as error:
        if (Path(text) / ENTRY).is_file():
            raise UnknownPreset(f"{error}. A folder of that name holds a preset: './{text}'") from error
        raise
    return found_here(preset)


def found_here(preset: Preset) -> Found:
    """A preset of the manifest, with its file where a folder of the user's or this checkout holds it.

    Raises:
        WeightsError: If KERASALIGN_WEIGHTS names no folder.
    """
    return Found(preset, file=next(filter(Path.is_file, _own_files(preset)), None))


def _own_files(preset: Preset) -> Iterator[Path]:
    """Where a file of the user's would lie that serves a preset of the manifest; the digest decides whether it does."""
    if preset.weights is None or preset.weights.source == "bundled":
        return
    if named := os.environ.get("KERASALIGN_WEIGHTS"):
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise WeightsError(f"KERASALIGN_WEIGHTS must name a folder. Received: KERASALIGN_WEIGHTS={named!r}")
        yield folder / f"{preset.name}.weights.h5"
        yield folder / preset.name / WEIGHTS
    # Beside the manifest of a checkout lies its own folder; beside that of a wheel, the bundled files.
    yield manifest_path().parent / "weights" / f"{preset.name}.weights.h5"


def _of_repository(address: str) -> Found:
    match = _HUB.fullmatch(address)
    if match is None:
        raise ValueError(f"A repository of the Hub is written hf://user/repo@commit. Received: name={address!r}")
    repo, wanted = match["repo"], match["revision"]
    commit = wanted
    if wanted is None or not _COMMIT.fullmatch(wanted):
        commit = commit_of(repo, wanted)
        logger.warning(
            "Nothing pins %s: whoever owns the repository can change what it loads. It is now hf://%s@%s",
            address,
            repo,
            commit,
        )
    entry = fetch(repo, ENTRY, commit)
    if read_entry(entry).markup is not None:
        fetch(repo, MARKUP, commit)
    preset = read_folder(entry.parent)
    return Found(replace(preset, weights=replace(preset.weights, source="hub", repo=repo, revision=commit)))


def how_to_train(preset: Preset, manifest: Manifest) -> str:
    """What to do about a preset that nobody has published weights for."""
    train = f"Train it with `kerasalign train {preset.name} --data DIR`" if preset.recipe else preset.notes
    return (
        f"Nobody has published weights for '{preset.name}'. {train.rstrip('.')}. The untrained network "
        f"is `kerasalign.load({preset.name!r}, weights=None)`.{_stand_in(preset, manifest)}"
    )


def _stand_in(preset: Preset, manifest: Manifest) -> str:
    """Names the bundled preset that is most like it: the same markup first, then the same paper."""
    bundled = [p for p in manifest.presets.values() if p.weights and p.weights.source == "bundled"]
    bundled.sort(key=lambda p: (p.markup != preset.markup, p.paper != preset.paper))
    return f" Meanwhile '{bundled[0].name}' is bundled and works now." if bundled else ""
