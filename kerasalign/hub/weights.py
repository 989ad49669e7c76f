"""Weights files: found or downloaded, and checked against the manifest."""

from __future__ import annotations

import logging
from pathlib import Path

from kerasalign.core.origin import PACKAGE, Weights
from kerasalign.hub.catalog import Catalog, current_catalog
from kerasalign.hub.errors import WeightsCorrupted, WeightsNotInstalled
from kerasalign.hub.transfer import fetch
from kerasalign.support.files import sha256

logger = logging.getLogger(__name__)

_REMEDY = {
    "bundled": "Install kerasalign again.",
    "folder": "Copy the folder again.",
    PACKAGE: f"Install the version of {PACKAGE} that fits: `pip install --upgrade {PACKAGE}`.",
    "hub": "",
}
# Files that this process has checked: path, and all that changes with the content.
_checked: set[tuple] = set()


def weights_path(weights: Weights, folder: Path | None = None, catalog: Catalog | None = None) -> Path:
    """Returns the checked weights file of an entry: bundled, in a preset's folder, cached, or downloaded from the Hub.

    The user's own folder and kerasalign-weights are not searched: `ResolvedPreset.weights_path` does that before. A
    cached file that is not the one that the manifest names is set aside and downloaded once more.

    Args:
        weights: The entry.
        folder: Folder of the preset, for weights that lie beside their entry.
        catalog: Where bundled and cached files are; by default the catalog in use.

    Raises:
        DownloadFailed: If the file cannot be downloaded.
        WeightsCorrupted: If its size or digest is another than the entry's.
        WeightsNotInstalled: If the file is in kerasalign-weights, and that package is not installed.
        ValueError: If the weights lie in a folder and none is given.
    """
    catalog = catalog or current_catalog()
    if weights.source == PACKAGE:
        raise WeightsNotInstalled(
            f"{weights.file} is in the package {PACKAGE} (its terms: {weights.license}), {_missing(catalog)}. "
            f"Run `pip install {PACKAGE}`, in a checkout `pip install ./weights`. Or set KERASALIGN_WEIGHTS to a "
            "folder that has the file, or name it: `kerasalign.load(name, weights=FILE)`."
        )
    if weights.source == "hub":
        return _from_hub(weights, catalog.cache_dir())
    if weights.source == "bundled":
        folder = catalog.bundled
    if folder is None:
        raise ValueError(
            f"Weights of `source` 'folder' need their `folder`. Received: folder=None, file={weights.file!r}"
        )
    path = Path(folder) / weights.file
    verify(path, weights)
    return path


def _missing(catalog: Catalog) -> str:
    """Why no file of kerasalign-weights was taken."""
    folder = catalog.package_dir()
    return "which is not installed" if folder is None else f"and the installed one, {folder}, lacks it"


def verify(path: Path, weights: Weights) -> None:
    """Checks size and digest of a file against its entry. A file that stays the same is read once per process.

    Raises:
        WeightsCorrupted: If the file is missing, or its size or digest differs.
    """
    remedy = _REMEDY[weights.source]
    if not path.is_file():
        raise WeightsCorrupted(f"The weights file {path} is missing. {remedy}".strip())
    stat = path.stat()
    if stat.st_size != weights.bytes:
        raise _not_the_file(path, f"{weights.bytes} bytes", f"{stat.st_size} bytes", remedy)
    state = (str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, weights.sha256)
    if state in _checked:
        return
    logger.debug("Computing the SHA-256 of %s", path)
    digest = sha256(path)
    if digest != weights.sha256:
        raise _not_the_file(path, f"sha256 {weights.sha256}", f"sha256 {digest}", remedy)
    _checked.add(state)


def _not_the_file(path: Path, expected: str, received: str, remedy: str) -> WeightsCorrupted:
    message = f"{path} is not the file that the manifest names: expected {expected}. {remedy}".strip()
    return WeightsCorrupted(f"{message} Received: {received}")


def _from_hub(weights: Weights, cache: Path) -> Path:
    assert weights.repo is not None and weights.revision is not None  # `Weights` checks that a hub's entry has both
    path = fetch(weights.repo, weights.file, weights.revision, cache, weights.bytes)
    try:
        verify(path, weights)
        return path
    except WeightsCorrupted as error:
        if aside := _set_aside(path, weights.repo, weights, cache, error):
            logger.warning("%s. The file was set aside as %s. It is fetched once more.", error, aside)
    path = fetch(weights.repo, weights.file, weights.revision, cache, weights.bytes)
    try:
        verify(path, weights)
        return path
    except WeightsCorrupted as error:
        aside = _set_aside(path, weights.repo, weights, cache, error)
        raise WeightsCorrupted(
            f"The Hub gave another file than the manifest names, twice. {error}. Upgrade kerasalign; if "
            f"that does not help, report it. The file is kept as {aside}."
        ) from error


def _set_aside(path: Path, repo: str, weights: Weights, cache: Path, error: WeightsCorrupted) -> Path | None:
    """Moves a wrong file out of the cache; `None` if another process has replaced or removed it meanwhile."""
    from huggingface_hub.utils import WeakFileLock

    aside = cache / f"models--{repo.replace('/', '--')}" / "set-aside" / Path(weights.file).name
    try:
        aside.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(aside.with_name(f"{aside.name}.lock")):
            try:
                verify(path, weights)
                return None
            except WeightsCorrupted:
                # The cache holds a link to the file itself, where links are possible.
                path.resolve().replace(aside)
                path.unlink(missing_ok=True)
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise WeightsCorrupted(
            f"{error}. It cannot be set aside ({failure}): remove it by hand and load again."
        ) from error
    return aside
