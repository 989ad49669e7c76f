"""From a manifest entry to a weights file on this disk whose digest was checked."""

from __future__ import annotations

import logging
from pathlib import Path

from kerasalign.core.origin import Weights
from kerasalign.hub.errors import WeightsCorrupted, WeightsNotPublished
from kerasalign.hub.transfer import cache_dir, fetch
from kerasalign.support.files import sha256

logger = logging.getLogger(__name__)

__all__ = ["cache_dir", "verify", "weights_path"]

_BUNDLED = Path(__file__).resolve().parents[1] / "weights"
_REMEDY = {
    "bundled": "Install kerasalign again.",
    "folder": "Copy the folder again.",
    "checkout": "Take it from the project's repository again.",
    "hub": "",
}
# Files that this process has checked, by everything that changes when a file does.
_checked: set[tuple] = set()


def weights_path(weights: Weights, folder: Path | None = None) -> Path:
    """The checked weights file: the bundled one, the cached one, a download from the Hub, or that of a folder.

    `Found.weights_path` looks into folders of the user's before. A file of the cache that is not the one that the
    manifest names is set aside and fetched once more.

    Args:
        weights: The manifest's entry.
        folder: Folder of the preset, for weights that lie beside their entry.

    Raises:
        DownloadFailed: If the file cannot be had.
        WeightsCorrupted: If size or digest differ from the manifest's.
        WeightsNotPublished: If they lie in the project's repository alone.
    """
    if weights.source == "checkout":
        raise WeightsNotPublished(
            f"{weights.file} is in the folder `weights/` of the project's repository, in no wheel and not on the Hub "
            f"(its terms: {weights.licence}). Get the file and set KERASALIGN_WEIGHTS to its folder, or name it: "
            "`kerasalign.load(name, weights=FILE)`."
        )
    if weights.source == "hub":
        return _from_hub(weights)
    path = (_BUNDLED if weights.source == "bundled" else Path(folder)) / weights.file
    verify(path, weights)
    return path


def verify(path: Path, weights: Weights) -> None:
    """Checks a file against its manifest entry, once per process as long as the file does not change.

    Raises:
        WeightsCorrupted: If the file is absent, or size or digest differ.
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
    digest = sha256(path)
    if digest != weights.sha256:
        raise _not_the_file(path, f"sha256 {weights.sha256}", f"sha256 {digest}", remedy)
    _checked.add(state)


def _not_the_file(path: Path, expected: str, received: str, remedy: str) -> WeightsCorrupted:
    told = f"{path} is not the file that the manifest names: expected {expected}. {remedy}".strip()
    return WeightsCorrupted(f"{told} Received: {received}")


def _from_hub(weights: Weights) -> Path:
    for again in (True, False):
        path = fetch(weights.repo, weights.file, weights.revision, weights.bytes)
        try:
            verify(path, weights)
            return path
        except WeightsCorrupted as error:
            wrong = error
        aside = _set_aside(path, weights, wrong)
        if aside is not None:
            then = " It is fetched once more." if again else ""
            logger.warning("%s. The file was set aside as %s.%s", wrong, aside, then)
    raise WeightsCorrupted(
        f"The Hub gave another file than the manifest names, twice. {wrong}. Upgrade kerasalign; if "
        f"that does not help, report it. The file is kept as {aside}."
    ) from wrong


def _set_aside(path: Path, weights: Weights, wrong: WeightsCorrupted) -> Path | None:
    """Takes a wrong file out of the cache, unless another process has mended it meanwhile."""
    from huggingface_hub.utils import WeakFileLock

    aside = cache_dir() / f"models--{weights.repo.replace('/', '--')}" / "set-aside" / Path(weights.file).name
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
    except OSError as error:
        told = f"{wrong}. It cannot be set aside ({error}): remove it by hand and load again."
        raise WeightsCorrupted(told) from wrong
    return aside
