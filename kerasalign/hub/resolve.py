"""From what a user writes to a preset and its files: a name, a folder, or a repository of the Hub."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from kerasalign.core.origin import PACKAGE
from kerasalign.hub.catalog import Catalog, current_catalog
from kerasalign.hub.errors import UnknownPreset, WeightsNotInstalled, WeightsNotPublished
from kerasalign.hub.folder import ENTRY, MARKUP, read_entry, read_folder
from kerasalign.hub.manifest import Manifest
from kerasalign.hub.preset import Preset
from kerasalign.hub.transfer import commit_of, fetch, fetch_document
from kerasalign.hub.weights import verify, weights_path
from kerasalign.markups import load_markup

logger = logging.getLogger(__name__)

_ADDRESS = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^@\s]+))?")
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class ResolvedPreset:
    """A preset and where its files are.

    Args:
        preset: The preset.
        address: What loads it again: its name, or its repository and commit.
        catalog: The catalog that it was looked up in.
        folder: Its folder, if it is a preset's folder or a downloaded one.
        file: Its weights file in the user's folder or in kerasalign-weights; not checked yet.
    """

    preset: Preset
    address: str
    catalog: Catalog
    folder: Path | None = None
    file: Path | None = None

    @property
    def available(self) -> bool:
        """Whether `load` finds trained weights, on this disk or on the Hub."""
        weights = self.preset.weights
        return weights is not None and (weights.source != PACKAGE or self.file is not None)

    @property
    def location(self) -> str:
        """Where `load` takes the weights from: a file, or a repository of the Hub; empty where it finds none."""
        weights = self.preset.weights
        if weights is None or not self.available:
            return ""
        if self.file is not None:
            return str(self.file)
        if weights.source == "hub":
            return f"hf://{weights.repo}@{weights.revision}"
        folder = self.catalog.bundled if weights.source == "bundled" else self.folder
        return "" if folder is None else str(folder / weights.file)

    def weights_path(self) -> Path:
        """Returns the checked weights file, and downloads it where needed.

        Raises:
            WeightsNotPublished: If nobody has published weights; the message says what to do instead.
            WeightsNotInstalled: If they are in kerasalign-weights, which is not installed.
            WeightsError: As `weights_path` of the hub.
        """
        weights = self.preset.weights
        if weights is None:
            raise WeightsNotPublished(_how_to_train(self.preset, self.catalog.manifest))
        if self.file is not None:
            verify(self.file, weights)
            return self.file
        try:
            return weights_path(weights, self.folder, self.catalog)
        except WeightsNotInstalled as error:
            raise WeightsNotInstalled(f"{error}{_replacement(self.preset, self.catalog.manifest)}") from None


def resolve(name: str | Path) -> ResolvedPreset:
    """Finds a preset.

    Args:
        name: Its name in the manifest, its folder (a `Path`, or text with a slash or a leading dot), or
            `"hf://user/repo@commit"`.

    Raises:
        UnknownPreset: If no preset has that name.
        DownloadFailed: If the repository's entry cannot be downloaded.
        FileNotFoundError: If the folder holds no preset.
        ValueError: If the address or the entry is wrong.
        WeightsError: If KERASALIGN_WEIGHTS does not name a folder.
    """
    catalog, text = current_catalog(), str(name)
    if text.startswith("hf://"):
        return _of_repository(text, catalog)
    if isinstance(name, Path) or "/" in text or "\\" in text or text.startswith((".", "~")):
        folder = Path(name).expanduser()
        preset = read_folder(folder)
        return ResolvedPreset(preset, preset.name, catalog, folder)
    try:
        preset = catalog.manifest[text]
    except UnknownPreset as error:
        if (Path(text) / ENTRY).is_file():
            raise UnknownPreset(f"{error}. A folder of that name holds a preset: './{text}'") from error
        raise
    return resolve_entry(preset, catalog)


def resolve_entry(preset: Preset, catalog: Catalog) -> ResolvedPreset:
    """Finds the files of a preset of the manifest.

    Raises:
        WeightsError: If KERASALIGN_WEIGHTS does not name a folder.
    """
    return ResolvedPreset(preset, preset.name, catalog, file=catalog.local_file(preset))


def _of_repository(address: str, catalog: Catalog) -> ResolvedPreset:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"A repository of the Hub is written hf://user/repo@commit. Received: name={address!r}")
    cache, repo, commit = catalog.cache_dir(), match["repo"], match["revision"]
    if commit is None or not _COMMIT.fullmatch(commit):
        commit = commit_of(repo, commit, cache)
        logger.warning(
            "Nothing pins %s: whoever owns the repository can change what it loads. It is now hf://%s@%s",
            address,
            repo,
            commit,
        )
    if fetch_document(repo, ENTRY, commit, cache, read_entry).markup is not None:
        fetch_document(repo, MARKUP, commit, cache, load_markup)
    folder = fetch(repo, ENTRY, commit, cache).parent
    preset = read_folder(folder)
    assert preset.weights is not None  # `read_entry` refuses an entry without weights
    preset = replace(preset, weights=replace(preset.weights, source="hub", repo=repo, revision=commit))
    return ResolvedPreset(preset, f"hf://{repo}@{commit}", catalog)


def _how_to_train(preset: Preset, manifest: Manifest) -> str:
    """Says what to do about a preset that nobody has published weights for."""
    train = f"Train it with `kerasalign train {preset.name} --data DIR`" if preset.trainable else preset.notes
    return (
        f"Nobody has published weights for '{preset.name}'. {train.rstrip('.')}. The untrained network "
        f"is `kerasalign.load({preset.name!r}, weights=None)`.{_replacement(preset, manifest)}"
    )


def _replacement(preset: Preset, manifest: Manifest) -> str:
    """Names the bundled preset that is most like another one: first by markup, then by paper."""
    bundled = [other for other in manifest.presets.values() if other.weights and other.weights.source == "bundled"]
    bundled.sort(key=lambda other: (other.markup != preset.markup, other.paper != preset.paper))
    return f" Meanwhile '{bundled[0].name}' is bundled and works now." if bundled else ""
