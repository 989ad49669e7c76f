"""MATLAB files before version 7.3."""

from __future__ import annotations

from pathlib import Path

from scipy.io import loadmat

from kerasalign.datasets.errors import DatasetError


def load_mat(path: Path) -> dict[str, object]:
    """The variables of a `.mat` file, structs as dicts.

    Raises:
        DatasetError: If it is not a readable file of that format.
    """
    try:
        contents = loadmat(path, simplify_cells=True)
    except Exception as error:  # On a damaged file SciPy raises whatever its parser stumbles over.
        raise DatasetError(path, f"not a readable MATLAB file ({type(error).__name__}: {error})") from error
    return {name: value for name, value in contents.items() if not name.startswith("__")}
