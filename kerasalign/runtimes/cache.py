"""Networks in other runtimes: exported once, then opened from the cache without Keras."""

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
from typing import Any

from kerasalign._version import __version__

logger = logging.getLogger(__name__)

RUNTIMES = ("onnxruntime", "litert")
# Name of the face detector's files among those of presets.
DETECTOR = "detector"
# To be raised when what is exported changes for the same weights.
_VERSION = 4
_FOLDER = re.compile(r"(?P<preset>.+)-[0-9a-f]{16}")
# What a name may hold that is a folder's here: a preset's may come from elsewhere.
_ODD = re.compile(r"[^\w.-]")
# Threads that load the same preset for the first time make one file.
_making = threading.RLock()
_KINDS = {".onnx": "onnxruntime", "": "onnxruntime", ".tflite": "litert"}


@dataclass(frozen=True)
class CachedRuntime:
    """A preset's file for another runtime in the cache, or the face detector's.

    Args:
        preset: Name of the preset; of the detector `DETECTOR`.
        runtime: `"onnxruntime"` or `"litert"`.
        bytes: Size on disk.
        path: Its folder.
    """

    preset: str
    runtime: str
    bytes: int
    path: Path


def runtime_dir() -> Path:
    """Where files for other runtimes are kept: `$KERASALIGN_HOME/runtimes`, else among the Hugging Face assets."""
    if home := os.environ.get("KERASALIGN_HOME"):
        return Path(home).expanduser() / "runtimes"
    from huggingface_hub.constants import HF_ASSETS_CACHE

    return Path(HF_ASSETS_CACHE) / "kerasalign" / "runtimes"


def cached_runtimes() -> list[CachedRuntime]:
    """The files for other runtimes in the cache, also those of weights and versions that are no longer used."""
    entries = []
    for folder in sorted(runtime_dir().glob("*")):
        match = _FOLDER.fullmatch(folder.name)
        made = [path for path in sorted(folder.glob("model*")) if path.suffix in _KINDS]
        if match and made:
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            entries.append(CachedRuntime(match["preset"], _KINDS[made[0].suffix], size, folder))
    return entries


def remove_cached_runtimes(name: str | None = None) -> list[CachedRuntime]:
    """Removes files for other runtimes from the cache; `load` makes them anew.

    Args:
        name: A preset's name, or `"detector"`; `None` removes all that `cached_runtimes` lists.

    Returns:
        What was removed; empty where there is nothing of that name.
    """
    found = [entry for entry in cached_runtimes() if name is None or _ODD.sub("-", name) == entry.preset]
    for entry in found:
        shutil.rmtree(entry.path)
    return found


def made_once(name: str, content: list | None, write: Callable[[Path], Path], opened: Callable[[Path], Any]) -> Any:
    """What is opened from a file of the cache, which is written where there is none of this content.

    Where the cache cannot be written the file does not stay, with a warning.

    Args:
        name: What the file is of, as `cached_runtimes` tells it.
        content: All that it depends on, ready for JSON; `None`: it is written to a folder that does not stay.
        write: Writes it, called `model` with any suffix, into a folder and gives its path.
        opened: Opens it; what raises a `ValueError` is written anew.
    """
    key = sha256(json.dumps([_VERSION, __version__, content], sort_keys=True).encode()).hexdigest()
    folder = runtime_dir() / f"{_ODD.sub('-', name)}-{key[:16]}"
    with _making:
        for path in sorted(folder.glob("model*")) if content is not None else ():
            try:
                return opened(path)
            except (ValueError, FileNotFoundError) as error:
                logger.warning("%s. It is made anew.", error)
        if content is not None and _writable(folder.parent):
            logger.info("Making the runtime's file of '%s' in %s", name, folder)
            return opened(write(folder))
        with tempfile.TemporaryDirectory() as passing:
            return opened(write(Path(passing)))


def _writable(directory: Path) -> bool:
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
