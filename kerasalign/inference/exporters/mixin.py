"""What `Face`, `Faces` and `Batch` are exported by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.inference.exporters.coco import coco_document
from kerasalign.inference.exporters.csv_file import csv_text
from kerasalign.inference.exporters.pts import write_pts_files
from kerasalign.inference.exporters.rows import columns, rows_of
from kerasalign.support.files import write_json, written_beside

if TYPE_CHECKING:
    import pandas

    from kerasalign.inference.faces import Faces


class Exportable:
    """Gives a result its exports. A subclass implements `_photos`."""

    def _photos(self) -> Iterator[Faces]:
        """The faces of each photo."""
        raise NotImplementedError(f"{type(self).__name__} must implement `_photos`.")

    def to_dataframe(self) -> pandas.DataFrame:
        """The faces as a table of pandas, one row per face.

        Columns: `image`, `face` (its number in the photo), `score`, `error`, `failed`, `yaw`, `pitch`, `roll`,
        `box_x0` to `box_y1`, and the landmarks `x0, y0, x1, y1, ...`, in pixels of the photo.

        Raises:
            ImportError: If pandas is not installed; it comes with the extra `pandas`.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError('`to_dataframe` needs pandas: pip install "kerasalign[pandas]"') from error
        photos = list(self._photos())
        rows = [row for faces in photos for row in rows_of(faces)]
        return pandas.DataFrame(rows, columns=columns(photos[0].markup if photos else None))

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The faces as CSV text, one row per face, with the columns of `to_dataframe`.

        The reader `csv` and `kerasalign.dataset` take the file.

        Args:
            path: A file to write as well; paths of photos are then written from its folder.
        """
        text = csv_text(self._photos(), None if path is None else Path(path))
        if path is not None:
            with written_beside(path) as draft:
                draft.write_text(text, "utf-8", newline="")
        return text

    def to_coco(self, path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """The faces as COCO keypoints, which annotation tools such as CVAT and Label Studio read.

        Args:
            path: A JSON file to write as well; paths of photos are then written from its folder.
        """
        document = coco_document(self._photos(), None if path is None else Path(path).parent)
        if path is not None:
            write_json(path, document)
        return document

    def to_pts(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Writes each face as a `.pts` file, the form of 300W, named by its photo: `photo.pts`, `photo_2.pts`.

        Args:
            folder: The folder.

        Returns:
            The files. A face with points that are not known has none.
        """
        return write_pts_files(self._photos(), folder)
