"""Opens exported networks; importing this loads no backend."""

from __future__ import annotations

import os
from pathlib import Path

from kerasalign.runtimes.registry import find_format
from kerasalign.runtimes.runtime_model import RuntimeModel


def open_runtime(path: str | os.PathLike[str], threads: int | None = None) -> RuntimeModel:
    """Opens a file or folder that `kerasalign export` wrote, in any format.

    Args:
        path: The file or folder.
        threads: Number of threads of one pass; `None`: the runtime decides. TensorFlow ignores it: it has a setting of
            its own.

    Returns:
        The network, used like a model: `align`, `predict_crops`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If its runtime is not installed.
        ValueError: If `kerasalign export` did not write it.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    format = find_format(path)
    if format is None:
        raise ValueError(f"This is nothing that `kerasalign export` writes. Received: path={str(path)!r}")
    return format.open(path, threads)
