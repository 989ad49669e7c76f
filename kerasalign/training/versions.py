"""Versions that decide the numbers of a run."""

import platform
from importlib.metadata import PackageNotFoundError, version

import keras


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that decide the numbers of a run.

    `backend` and `machine` are the backend of Keras and the kind of processor.
    """
    backend = keras.backend.backend()
    result = {"python": platform.python_version(), "backend": backend, "machine": platform.machine()}
    for package in ("kerasalign", "keras", backend, "numpy", "opencv-python-headless"):
        try:
            result[package] = version(package)
        except PackageNotFoundError:
            continue
    return result
