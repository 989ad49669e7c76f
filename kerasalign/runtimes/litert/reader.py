"""A network in LiteRT, which was TensorFlow Lite."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Callable, Container
from pathlib import Path
from threading import Lock

import numpy as np

from kerasalign.runtimes.runtime_model import RuntimeModel

# Beside the network in the same file, as a zip archive at its end: where LiteRT's own tools put associated files.
METADATA = "kerasalign.json"


class LiteRTModel(RuntimeModel):
    """A `.tflite` file of `kerasalign export` in LiteRT, on the processor.

    Args:
        path: The file.
        threads: Threads of one pass; `None`: as many as LiteRT thinks fit.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be opened, or is none of this library's.
    """

    runtime = "litert"

    def __init__(self, path: str | os.PathLike, threads: int | None = None):
        if not Path(path).is_file():
            raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
        try:
            with zipfile.ZipFile(path) as archive:
                metadata = json.loads(archive.read(METADATA))
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(
                f"Only files that `kerasalign export` wrote say how they are used. Received: {path}"
            ) from error
        super().__init__(metadata, path)
        self.runner = open_runner(path, threads)
        self.outputs = json.loads(metadata["outputs"])

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`."""
        made = self.runner(crops=crops)
        return {key: made[key] for key in self.wanted(outputs)}


def open_runner(path: str | os.PathLike, threads: int | None = None) -> Callable[..., dict[str, np.ndarray]]:
    """The network of a file as a function from named arrays to named arrays.

    An interpreter holds one set of arrays and checks nothing: threads take turns at it.
    """
    interpreter, turn = _open_interpreter(path, threads), Lock()
    runner = interpreter.get_signature_runner("serving_default")

    def run(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        with turn:
            return runner(**inputs)

    return run


def _open_interpreter(path: str | os.PathLike, threads: int | None):
    """LiteRT's own interpreter, or the older one that TensorFlow still brings."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        warnings.filterwarnings("ignore", r".*tf\.lite\.Interpreter is deprecated", UserWarning)
        Interpreter = tf.lite.Interpreter
    return Interpreter(model_path=str(path), num_threads=threads)
