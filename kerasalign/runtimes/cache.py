"""The cache of networks in other runtimes: each is exported once, and then opened without Keras."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from kerasalign._version import __version__
from kerasalign.runtimes.registry import find_format
from kerasalign.support.files import folder_beside, sha256 as file_sha256, write_json
from kerasalign.support.locks import locked

T = TypeVar("T")
logger = logging.getLogger(__name__)

RUNTIMES = ("onnxruntime", "litert")
# Name under which the face detector's files are kept, beside those of presets.
DETECTOR = "detector"
# Part of every key. Raise it when the exporter writes another file for the same weights.
_VERSION = 5
# Name of the file that holds the digests of an entry's files.
DIGESTS = "digests.json"
_NOT_WRITABLE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
}
_FOLDER = re.compile(r"(?P<preset>.+)-[0-9a-f]{16}")
# A preset's name can come from elsewhere: characters other than these are replaced in a folder's name.
_NOT_ALLOWED = re.compile(r"[^\w.-]")
# Threads that load the same preset for the first time write one file.
_lock = threading.RLock()


@dataclass(frozen=True)
class CachedRuntime:
    """A file for another runtime in the cache: of a preset or of the face detector.

    Args:
        preset: Name of the preset; `DETECTOR` for the face detector.
        runtime: `"onnxruntime"` or `"litert"`.
        bytes: Size on disk.
        path: The folder that holds the file.
    """

    preset: str
    runtime: str
    bytes: int
    path: Path


def runtime_dir() -> Path:
    """Folder of the cache: `$KERASALIGN_HOME/runtimes`, or else a folder among the Hugging Face assets."""
    if home := os.environ.get("KERASALIGN_HOME"):
        return Path(home).expanduser() / "runtimes"
    from huggingface_hub.constants import HF_ASSETS_CACHE

    return Path(HF_ASSETS_CACHE) / "kerasalign" / "runtimes"


def cached_runtimes() -> list[CachedRuntime]:
    """The files for other runtimes in the cache, also those of weights and versions that are no longer used."""
    entries = []
    for folder in sorted(runtime_dir().glob("*")):
        match = _FOLDER.fullmatch(folder.name)
        formats = [format for path in sorted(folder.glob("model*")) if (format := find_format(path))]
        if match and formats:
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            entries.append(CachedRuntime(match["preset"], formats[0].runtime, size, folder))
    return entries


def remove_cached_runtimes(name: str | None = None) -> list[CachedRuntime]:
    """Removes files for other runtimes from the cache; `load` writes them again when they are needed.

    Args:
        name: A preset's name, or `"detector"`; `None` removes all that `cached_runtimes` lists.

    Returns:
        The removed entries; empty where nothing has that name.
    """
    entries = [entry for entry in cached_runtimes() if name is None or _folder_name(name) == entry.preset]
    for entry in entries:
        shutil.rmtree(entry.path)
    return entries


def get_or_create(
    name: str,
    key: list[Any] | None,
    create: Callable[[Path], Path],
    open: Callable[[Path], T],
    directory: Path | None = None,
) -> T:
    """Opens a file of the cache; creates it first where there is none for this key.

    `digests.json` beside the file holds the SHA-256 of each file; a file that was changed or damaged since is never
    opened, but made anew. Of several processes that need the same file, one makes it and the others wait. Where the
    cache cannot be written, or its disk is full, the file is created in a temporary folder, and a warning is logged.

    Args:
        name: Name of the preset, or `DETECTOR`; `cached_runtimes` lists the file under it.
        key: Everything that the file depends on, as JSON values. `None`: the file is not cached.
        create: Writes the file into the given folder and returns its path. Its name is `model` with any suffix.
        open: Opens the file. If it raises a `ValueError`, the file is created again.
        directory: Folder of the cache; by default `runtime_dir()`.

    Returns:
        What `open` returns.
    """
    digest = sha256(json.dumps([_VERSION, __version__, key], sort_keys=True).encode()).hexdigest()
    folder = (runtime_dir() if directory is None else Path(directory)) / f"{_folder_name(name)}-{digest[:16]}"
    if key is not None and (entry := _open_entry(folder, digest, open)):
        return entry[0]
    with _lock:
        if key is not None:
            with _unwritable_is_a_warning():
                return _create_entry(folder, digest, name, create, open)
        with tempfile.TemporaryDirectory() as temporary:
            return open(create(Path(temporary)))


def _create_entry(folder: Path, digest: str, name: str, create: Callable[[Path], Path], open: Callable[[Path], T]) -> T:
    """Writes a file into the cache and opens it, or opens the one that another process wrote meanwhile."""
    with locked(folder.parent / ".locks" / f"{folder.name}.lock"):
        if entry := _open_entry(folder, digest, open):
            return entry[0]
        logger.info("Writing the file of '%s' for another runtime to %s", name, folder)
        with folder_beside(folder, DIGESTS, replace=True) as draft:
            path = create(draft)
            write_json(draft / DIGESTS, {"key": digest, "files": _digests(draft)})
        return open(folder / path.name)


def _open_entry(folder: Path, digest: str, open: Callable[[Path], T]) -> tuple[T] | None:
    """What `open` returns for an intact file of the cache; `None` where there is none."""
    try:
        problem = _problem(folder, digest)
        if not problem:
            return (open(next(path for path in sorted(folder.glob("model*")))),)
    except FileNotFoundError:  # there is none, or another process is replacing it
        return None
    except (ValueError, StopIteration) as error:
        problem = str(error) or "there is no file"
    logger.warning(
        "The cached file in %s is not the one that was written there (%s). It is made anew.", folder, problem
    )
    return None


def _problem(folder: Path, digest: str) -> str:
    """What is wrong with an entry of the cache; empty where each file is as it was written.

    Raises:
        FileNotFoundError: If there is no such entry.
    """
    if not folder.exists():
        raise FileNotFoundError(folder)
    if not (folder / DIGESTS).is_file():
        return f"{DIGESTS} is missing"
    record = json.loads((folder / DIGESTS).read_text("utf-8"))
    if not isinstance(record, dict) or record.get("key") != digest:
        return "it belongs to other weights"
    found = _digests(folder)
    changed = sorted(
        name for name in found.keys() | record.get("files", {}) if found.get(name) != record["files"].get(name)
    )
    return f"changed: {', '.join(changed)}" if changed else ""


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a folder, by its path in the folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != DIGESTS)
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


@contextmanager
def _unwritable_is_a_warning() -> Iterator[None]:
    """Ends the block where the cache cannot be written, with a warning that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise
        logger.warning(
            "Files for other runtimes cannot be kept and are made anew by every process (%s): set "
            "KERASALIGN_HOME to a folder that can be written and has space.",
            error,
        )


def _folder_name(name: str) -> str:
    return _NOT_ALLOWED.sub("-", name)
