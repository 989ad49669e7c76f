"""Starting the backend without its log messages."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def start_backend() -> None:
    """Imports Keras and starts its backend.

    TensorFlow's messages about drivers and instruction sets are hidden, since the user did not cause them. They appear
    with `--verbose`, or where TF_CPP_MIN_LOG_LEVEL is set.
    """
    if "keras" in sys.modules:
        return
    check_installed()
    if _LEVEL in os.environ or logging.getLogger("kerasalign").isEnabledFor(logging.INFO):
        import keras

        return
    os.environ[_LEVEL] = "3"
    with _silent_stderr():
        import keras

        keras.distribution.list_devices()


def check_installed(find: Callable[[str], Any] = find_spec) -> None:
    """Raises if the backend that KERAS_BACKEND names is not installed; Keras' own error comes from deep inside it.

    Args:
        find: Returns `None` for a package that is not installed.
    """
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name in ("tensorflow", "jax", "torch") and find(name) is None:
        raise ImportError(
            f"Keras' backend '{name}' is not installed: `pip install {name}`, or set KERAS_BACKEND to another one. "
            f"Received: KERAS_BACKEND={name}"
        )


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discards everything written to file descriptor 2.

    C++ code of TensorFlow 2.21 logs before its log level is set, so no setting hides these messages.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
