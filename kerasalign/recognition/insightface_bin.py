"""Verification sets as InsightFace publishes them: `lfw.bin`, `cfp_fp.bin`, `agedb_30.bin`."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from kerasalign.datasets import DatasetError
from kerasalign.recognition.pairs import FacePairs


def read_insightface_bin(path: str | os.PathLike, folds: int = 10) -> FacePairs:
    """Reads the aligned faces and pairs of a `.bin` file of InsightFace.

    The file is a pickle of two lists: encoded photos, two for each pair, and for each pair whether it shows one person.
    Unpickling by ordinary means can run any program. This reader creates nothing but plain lists, bytes and booleans,
    and refuses a file that asks for more.

    Args:
        path: The file.
        folds: Number of folds; the file does not say it.

    Returns:
        The pairs; `photos` are encoded, already aligned crops, of 112 x 112 pixels in the published files.

    Raises:
        DatasetError: If it is no such file, or asks for anything but plain data.
        FileNotFoundError: If the file does not exist.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={str(path)!r}")
    try:
        content = _PlainData(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except Exception as error:  # a damaged file raises errors of many kinds
        raise DatasetError(path, f"not a verification set of plain data ({type(error).__name__}: {error})") from error
    if not (
        isinstance(content, (tuple, list))
        and len(content) == 2
        and all(isinstance(part, (tuple, list)) for part in content)
    ):
        raise DatasetError(
            path, f"a verification set is a list of pictures and a list of truth values, not {type(content).__name__}"
        )
    photos, same = content
    if len(photos) != 2 * len(same) or not same:
        raise DatasetError(path, f"{len(photos)} pictures do not make {len(same)} pairs")
    if not all(isinstance(photo, bytes) for photo in photos) or not all(flag in (0, 1) for flag in same):
        raise DatasetError(path, "pictures must be bytes, and whether a pair is one person True or False")
    pairs = np.arange(len(photos)).reshape(-1, 2)
    return FacePairs(list(photos), pairs, np.array(same, bool), folds, path.stem)


class _PlainData(pickle.Unpickler):
    """An unpickler that creates lists, tuples, bytes, text and numbers, and refuses every class and function."""

    def find_class(self, module: str, name: str) -> Any:
        # In the pickle protocols of Python 2, Python 3 writes bytes as text and a call of this function.
        if (module, name) == ("_codecs", "encode"):
            return _Latin1()
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


class _Latin1:
    """Encodes text as Latin-1; it has no attributes, so that a pickle cannot change it."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
            raise pickle.UnpicklingError(f"it asks for text in {encoding!r}")
        return text.encode("latin1")
