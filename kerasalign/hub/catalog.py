"""The catalog in use: the manifest, and the folders that weights are looked for in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from kerasalign.core.origin import PACKAGE
from kerasalign.hub.errors import WeightsError
from kerasalign.hub.folder import WEIGHTS
from kerasalign.hub.manifest import Manifest, manifest_path
from kerasalign.hub.preset import Preset

BUNDLED = Path(__file__).resolve().parents[1] / "weights"


@dataclass(frozen=True, eq=False)
class Catalog:
    """The presets of an installation and the folders of their weights.

    Args:
        manifest: The presets.
        bundled: Folder of the weights that come with this package.
        package: Folder of the files of the package kerasalign-weights; it need not exist. By default where that package
            is installed, at the time of use.
        own: Folder of the user's weights files. By default KERASALIGN_WEIGHTS names it, as that variable is at the
            time of use.
        cache: Folder of downloaded files. By default `$KERASALIGN_HOME/hub`, else the Hugging Face cache
            (`$HF_HOME`), at the time of use.

    Example:

        mine = dataclasses.replace(default_catalog(), manifest=Manifest.read("my_manifest.json"))
        with use_catalog(mine):
            model = kerasalign.load("my-preset")
    """

    manifest: Manifest
    bundled: Path = BUNDLED
    package: Path | None = None
    own: Path | None = None
    cache: Path | None = None

    def cache_dir(self) -> Path:
        """The folder of downloaded files."""
        if self.cache is not None:
            return self.cache
        if home := os.environ.get("KERASALIGN_HOME"):
            return Path(home).expanduser() / "hub"
        from huggingface_hub.constants import HF_HUB_CACHE

        return Path(HF_HUB_CACHE)

    def package_dir(self) -> Path | None:
        """The folder of the files of kerasalign-weights; `None` where that package is not installed."""
        if self.package is not None:
            return self.package
        spec = find_spec(PACKAGE.replace("-", "_"))
        folders = spec.submodule_search_locations if spec else None
        return Path(folders[0]) if folders else None

    def local_file(self, preset: Preset) -> Path | None:
        """A preset's weights file in the user's folder or in kerasalign-weights; not checked yet.

        Bundled weights are taken from this package alone.

        Raises:
            WeightsError: If KERASALIGN_WEIGHTS does not name a folder.
        """
        if preset.weights is None or preset.weights.source == "bundled":
            return None
        return next(filter(Path.is_file, self._local_paths(preset.name, preset.weights.source)), None)

    def _local_paths(self, name: str, source: str) -> Iterator[Path]:
        own = self.own
        if own is None and (named := os.environ.get("KERASALIGN_WEIGHTS")):
            own = Path(named).expanduser()
            if not own.is_dir():
                raise WeightsError(f"KERASALIGN_WEIGHTS must name a folder. Received: KERASALIGN_WEIGHTS={named!r}")
        if own is not None:
            yield own / f"{name}.weights.h5"
            yield own / name / WEIGHTS
        if source == PACKAGE and (package := self.package_dir()) is not None:
            yield package / f"{name}.weights.h5"


@cache
def default_catalog() -> Catalog:
    """The catalog of this installation; its manifest is read once per process.

    Raises:
        FileNotFoundError: If the installation has no manifest.
        ValueError: If the manifest is not valid.
    """
    path = manifest_path()
    # A checkout has the sources of kerasalign-weights: they fit its manifest, whatever else is installed.
    checkout = path.parent / "weights" / PACKAGE.replace("-", "_")
    return Catalog(Manifest.read(path), package=checkout if checkout.is_dir() else None)


_replacements: list[Catalog] = []


def current_catalog() -> Catalog:
    """The catalog that `load` and the others use: that of `use_catalog`, or the installation's."""
    return _replacements[-1] if _replacements else default_catalog()


@contextmanager
def use_catalog(catalog: Catalog) -> Iterator[Catalog]:
    """Makes every function of the library use another catalog until the block ends, in all threads.

    Args:
        catalog: The presets and folders to use.

    Example:

        with use_catalog(Catalog(Manifest.read("my_manifest.json"), bundled=Path("my_weights"))):
            names = kerasalign.list_models()
    """
    _replacements.append(catalog)
    try:
        yield catalog
    finally:
        _replacements.remove(catalog)


def read_manifest() -> Manifest:
    """The manifest of the catalog in use."""
    return current_catalog().manifest


def cache_dir() -> Path:
    """The folder of downloaded files of the catalog in use: by default `$KERASALIGN_HOME/hub`, else `$HF_HOME`'s."""
    return current_catalog().cache_dir()
