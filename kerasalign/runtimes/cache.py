"""The cache of networks in other runtimes: each is exported once, and then opened without Keras."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from kerasalign._version import __version__
from kerasalign.runtimes.registry import find_format

T = TypeVar("T")
logger = logging.getLogger(__name__)

RUNTIMES = ("onnxruntime", "litert")
# Name under which the face detector's files are kept, beside those of presets.
DETECTOR = "detector"
# Part of every key. Raise it when the exporter writes another file for the same weights.
_VERSION = 4
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

    Where the cache cannot be written, the file is created in a temporary folder, and a warning is logged.

    Args:
        name: Name of the preset, or `DETECTOR`; `cached_runtimes` lists the file under it.
        key: Everything that the file depends on, as JSON values. `None`: the file is not cached.
        create: Writes the file into the given folder and returns its path. Its name is `model` with any suffix.
        open: Opens the file. If it raises a `ValueError`, the file is broken and is created again.
        directory: Folder of the cache; by default `runtime_dir()`.

    Returns:
        What `open` returns.
    """
    digest = sha256(json.dumps([_VERSION, __version__, key], sort_keys=True).encode()).hexdigest()
    folder = (runtime_dir() if directory is None else Path(directory)) / f"{_folder_name(name)}-{digest[:16]}"
    with _lock:
        for path in sorted(folder.glob("model*")) if key is not None else ():
            try:
                return open(path)
            except (ValueError, FileNotFoundError) as error:
                logger.warning("%s. It is made anew.", error)
        if key is not None and _is_writable(folder.parent):
            logger.info("Writing the file of '%s' for another runtime to %s", name, folder)
            return open(create(folder))
        with tempfile.TemporaryDirectory() as temporary:
            return open(create(Path(temporary)))


def _folder_name(name: str) -> str:
    return _NOT_ALLOWED.sub("-", name)


def _is_writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        logger.warning(
            "Files for other runtimes cannot be kept and are made anew by every process (%s): set "
            "KERASALIGN_HOME to a folder that can be written.",
            error,
        )
        return False
    return True
