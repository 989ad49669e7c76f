"""Faces as `.pts` files, one a face."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from kerasalign.datasets.pts import write_pts
from kerasalign.inference.serialize import source_stem
from kerasalign.support.files import check_folder_writable, numbered

if TYPE_CHECKING:
    from kerasalign.inference.faces import Faces

_log = logging.getLogger(__name__)


class PtsSink:
    """Results as `.pts` files in a folder: `photo.pts`, and for further faces or photos of that name `photo_2.pts`.

    A face with points that are not known is left out with a warning: the format cannot leave points out.

    Args:
        path: The folder; it is made. Files of the same names are replaced.

    Raises:
        OSError: If the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.files: list[Path] = []
        self._names: Counter[str] = Counter()

    def __enter__(self) -> Self:
        check_folder_writable(self.path, "path")
        return self

    def write(self, faces: Faces) -> None:
        """Writes the faces of one photo."""
        stem = source_stem(faces.source)
        for face in faces:
            name = numbered(stem, self._names)
            if not np.isfinite(face.landmarks).all():
                _log.warning("Left out %s: a .pts file cannot hold points that are not known.", self.path / name)
                continue
            self.files.append(self.path / f"{name}.pts")
            write_pts(self.files[-1], face.landmarks)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


def write_pts_files(photos: Iterable[Faces], folder: str | os.PathLike[str]) -> list[Path]:
    """Writes the faces of photos as `.pts` files, and returns the files; see `PtsSink`."""
    with PtsSink(folder) as sink:
        for faces in photos:
            sink.write(faces)
    return sink.files
