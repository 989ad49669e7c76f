"""Opens a network in ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

import numpy as np

from kerasalign.runtimes.runtime_model import RuntimeModel


class OnnxModel(RuntimeModel):
    """An `.onnx` file of `kerasalign export` in ONNX Runtime, on the processor.

    Args:
        path: The file.
        threads: Number of threads of one pass; `None`: ONNX Runtime decides.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If ONNX Runtime is not installed.
        ValueError: If ONNX Runtime cannot open the file, or this library did not write it.

    Example:

        model = OnnxModel("musica19.onnx")
        faces = model.align("group.jpg")
    """

    runtime = "onnxruntime"

    def __init__(self, path: str | os.PathLike, threads: int | None = None):
        self.session = open_session(path, threads)
        super().__init__(self.session.get_modelmeta().custom_metadata_map, path, threads)
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, crops: np.ndarray, outputs: Container[str] | None = None) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`; outputs that are not selected are not computed."""
        names = self.selected(outputs)
        return dict(zip(names, map(np.asarray, self.session.run(names, {"crops": crops}))))


def open_session(path: str | os.PathLike, threads: int | None = None, spinning: bool = True):
    """An ONNX Runtime session of a file.

    Args:
        path: The file.
        threads: Number of threads of one pass; `None`: ONNX Runtime decides.
        spinning: Whether threads that wait for work keep a core busy. It shortens the wait, but takes the core from
            another network that runs at the same time.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If ONNX Runtime is not installed.
        ValueError: If ONNX Runtime cannot open the file.
        MemoryError: If there is too little memory for it.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError('ONNX Runtime is not installed: `pip install "kerasalign[onnx]"`.') from error
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    # Its optimizer warns about things that a user cannot change.
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class
        if isinstance(error, MemoryError) or "bad_alloc" in str(error) or "Failed to allocate memory" in str(error):
            raise MemoryError(f"There is not enough memory to open {path} in ONNX Runtime") from error
        raise ValueError(f"ONNX Runtime cannot open {path}: {error}") from error
