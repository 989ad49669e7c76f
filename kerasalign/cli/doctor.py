"""`kerasalign doctor`."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import typer

import kerasalign
from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table
from kerasalign.cli.options import AsJson
from kerasalign.support.tables import Table

REQUIRED = (
    "keras",
    "tensorflow",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "scipy",
    "huggingface-hub",
)
_OPTIONAL = ("jax", "torch", "scikit-image", "mtcnn", "mediapipe")


class Finding(NamedTuple):
    """One line of the report; `problem` is empty where all is well."""

    what: str
    value: str
    problem: str = ""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor_command)


def doctor_command(
    as_json: AsJson = False,
) -> None:
    """Check the installation: versions, backend, devices, cache, weights. The exit code is 1 if there is a problem."""
    findings = examine()
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table(Table("", ("what", "found", "problem"), findings))
    if any(finding.problem for finding in findings):
        raise typer.Exit(1)


def examine(required: Sequence[str] = REQUIRED) -> list[Finding]:
    """Checks this installation. A check that raises is reported as a finding.

    Args:
        required: Names of the packages that must be installed.
    """
    findings = []
    checks = {"versions": partial(_versions, required), "backend": _backend, "cache": _cache, "manifest": _manifest}
    for name, check in checks.items():
        try:
            findings += check()
        except Exception as error:  # the report is about broken installations
            findings.append(Finding(name, "failed", f"{type(error).__name__}: {error}"))
    return findings


def _versions(required: Sequence[str]) -> Iterator[Finding]:
    yield Finding("kerasalign", f"{kerasalign.__version__} in {Path(kerasalign.__file__).parent}")
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for package in required:
        installed = _version(package)
        yield Finding(package, installed or "missing", "" if installed else f"Run: pip install {package}")
    for package in _OPTIONAL:
        yield Finding(package, _version(package) or "not installed (optional)")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _backend() -> Iterator[Finding]:
    start_backend()
    import keras

    yield Finding("backend", keras.backend.backend())
    yield Finding("devices", ", ".join(map(str, keras.distribution.list_devices())) or "none")
    answer = np.asarray(keras.ops.convert_to_numpy(keras.ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]))).item()
    yield Finding("arithmetic", str(answer), "" if answer == 11.0 else "1 * 3 + 2 * 4 must be 11.0")


def _cache() -> Iterator[Finding]:
    from kerasalign.hub import cache_dir

    folder = cache_dir()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    hint = "" if writable else "Not writable: set KERASALIGN_HOME to a folder that is"
    yield Finding("cache", str(folder), hint)


def _manifest() -> Iterator[Finding]:
    from kerasalign.core.origin import PACKAGE
    from kerasalign.hub import WeightsError, current_catalog, manifest_path, read_manifest, resolve, weights_path

    manifest = read_manifest()
    yield Finding("manifest", f"{manifest_path()}, {len(manifest.presets)} presets")
    package = current_catalog().package_dir()
    state = "not installed (optional)" if package is None else f"{_version(PACKAGE) or 'of the checkout'} in {package}"
    yield Finding(PACKAGE, state)
    for preset in manifest.presets.values():
        weights = preset.weights
        if weights and (weights.source == "bundled" or (weights.source == PACKAGE and package)):
            problem = _problem(resolve(preset.name).weights_path, WeightsError)
            state = "damaged or missing" if problem else f"{weights.source}, digest as in the manifest"
            yield Finding(f"weights of {preset.name}", state, problem)
    detector = manifest.detector
    if detector:
        problem = _problem(lambda: weights_path(detector.weights), WeightsError)
        yield Finding("weights of the detector", "damaged" if problem else "digest as in the manifest", problem)
    default = manifest[manifest.default]
    yield Finding("default", default.name, "" if default.available else "Its weights are not published")


def _problem(action: Callable[[], object], expected: type[Exception]) -> str:
    try:
        action()
    except expected as error:
        return str(error)
    return ""
