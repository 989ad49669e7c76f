"""Starting the backend without its start-up chatter."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def start_backend() -> None:
    """Imports Keras and starts its backend.

    TensorFlow's notes on drivers and instruction sets are not about anything that a user of this command did.
    They appear with `--verbose`, or when TF_CPP_MIN_LOG_LEVEL is set; it is left as it is then.
    """
    if "keras" in sys.modules:
        return
    if _LEVEL in os.environ or logging.getLogger("kerasalign").isEnabledFor(logging.INFO):
        import keras

        return
    os.environ[_LEVEL] = "2"
    with _silent_stderr():
        import keras

        keras.distribution.list_devices()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drops what is written to file descriptor 2.

    What TensorFlow 2.21 logs before its logging is set up heeds no setting, and it comes from C++.
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
