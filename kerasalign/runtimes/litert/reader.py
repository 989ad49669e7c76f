"""Opens a network in LiteRT."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Callable, Container
from pathlib import Path
from threading import Lock

import numpy as np

from kerasalign.runtimes.metadata import read_value
from kerasalign.runtimes.runtime_model import RuntimeModel

# Name of the metadata in the zip archive at the file's end, where LiteRT's own tools put associated files.
METADATA = "kerasalign.json"


class LiteRTModel(RuntimeModel):
    """A `.tflite` file of `kerasalign export` in LiteRT, on the processor.

    Args:
        path: The file.
        threads: Number of threads of one pass; `None`: LiteRT decides.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If LiteRT cannot open it, or this library did not write it.
    """

    runtime = "litert"

    def __init__(self, path: str | os.PathLike, threads: int | None = None):
        if not Path(path).is_file():
            raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
        try:
            with zipfile.ZipFile(path) as archive:
                metadata = json.loads(archive.read(METADATA))
        except Exception as error:  # damaged archives raise errors of several modules
            raise ValueError(
                f"Only files that `kerasalign export` wrote say how they are used. Received: {path}"
            ) from error
        super().__init__(metadata, path, threads)
        self.runner = open_runner(path, threads)
        self.outputs = read_value(metadata, "outputs", path)

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`."""
        result = self.runner(crops=crops)
        return {key: result[key] for key in self.selected(outputs)}


def open_runner(path: str | os.PathLike, threads: int | None = None) -> Callable[..., dict[str, np.ndarray]]:
    """A file's network as a function from named arrays to named arrays. Several threads may call it.

    Args:
        path: The file.
        threads: Number of threads of one pass; `None`: LiteRT decides.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If LiteRT cannot open it.
    """
    # An interpreter has one set of buffers and no lock of its own.
    try:
        interpreter, lock = _open_interpreter(path, threads), Lock()
        runner = interpreter.get_signature_runner("serving_default")
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"LiteRT cannot open {path}: {error}") from error

    def run(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        with lock:
            return runner(**inputs)

    return run


def _open_interpreter(path: str | os.PathLike, threads: int | None):
    """LiteRT's interpreter; where it is not installed, the older one that is part of TensorFlow."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        warnings.filterwarnings("ignore", r".*tf\.lite\.Interpreter is deprecated", UserWarning)
        Interpreter = tf.lite.Interpreter
    return Interpreter(model_path=str(path), num_threads=threads)
