"""A user's own points in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.own_points import OwnPoints, files_by_split, unique_name
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import as_box
from kerasalign.markups import Markup, get_markup
from kerasalign.support.bounded import ANNOTATIONS, check_file
from kerasalign.support.checks import shown
from kerasalign.support.files import is_file

_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")


class CsvPoints(OwnPoints):
    """A CSV file with one face per line: columns `image,x0,y0,x1,y1,...`, in any order.

    `image` is the photo's path from the CSV file's folder. Points are 0-based pixel centers; an empty cell is
    a point that is not annotated. Optional columns: `box_x0,box_y0,box_x1,box_y1` (box `"detector"`) and
    `name`; others are ignored. A split `train` is `train.csv`; `"all"` is every CSV file of the folder, and
    the data may also be one file. A face is named by its photo, `"photos/a"`; `"photos/a#2"` is a second face
    in it.

    Reader options: `markup` (`"68"`), `images` (another folder of the photos), `index_base` (0).
    """

    name = "csv"

    def recognize(self, root: Path) -> bool:
        return any("image" in _header(path) and "x0" in _header(path) for path in self.sources(root).values())

    def sources(self, root: Path) -> Mapping[str, Path]:
        return files_by_split(root, ".csv")

    def faces(
        self,
        root: Path,
        split: str,
        markup: str = "68",
        images: str | Path | None = None,
        index_base: int = 0,
    ) -> Iterator[Finding]:
        taken: set[str] = set()
        for subset, path in self.sources(root).items():
            if split in ("all", subset):
                folder = path.parent if images is None else Path(images)
                for face in _faces(path, folder, get_markup(markup), index_base):
                    if isinstance(face, FaceSample):
                        name = unique_name(face.name, taken)
                        face = replace(face, name=name, attributes={"subset": subset})
                    yield face


def _faces(path: Path, folder: Path, markup: Markup, index_base: int) -> Iterator[FaceSample | DatasetError]:
    header = _header(path)
    columns = [f"{axis}{i}" for i in range(markup.num_points) for axis in "xy"]
    lacking = [column for column in ("image", *columns) if column not in header]
    beyond = f"x{markup.num_points}"
    if lacking or beyond in header:
        problem = f"it lacks {', '.join(lacking[:4])}" if lacking else f"it also has {beyond}"
        yield DatasetError(path, f"the header does not fit markup '{markup.name}': {problem}", 1)
        return
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        while True:
            try:
                cells = next(rows)
                if cells:
                    yield _parse(path, rows.line_num, header, cells, columns, folder, markup.name, index_base)
            except StopIteration:
                return
            except DatasetError as error:
                yield error
            except csv.Error as error:  # a cell of more than 131,072 characters, for one
                yield DatasetError(path, f"not a line of CSV ({error})", rows.line_num)


def _header(path: Path) -> list[str]:
    try:
        check_file(path, ANNOTATIONS)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return [column.strip() for column in next(csv.reader(file), [])]
    except (csv.Error, OSError, ValueError):
        return []


def _parse(
    path: Path,
    line: int,
    header: list[str],
    cells: list[str],
    columns: list[str],
    folder: Path,
    markup: str,
    index_base: int,
) -> FaceSample:
    if len(cells) != len(header):
        raise DatasetError(path, f"{len(cells)} cells, but the header has {len(header)}", line)
    row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    photo = folder / row["image"]
    if not row["image"] or not is_file(photo):
        raise DatasetError(path, f"its photo {shown(row['image'])} is not there", line)
    boxes = {}
    try:
        values = [float(row[column]) if row[column] else np.nan for column in columns]
        if any(row.get(column) for column in _BOX):
            boxes["detector"] = as_box([float(row.get(column, "")) - index_base for column in _BOX])
    except ValueError as error:
        raise DatasetError(path, str(error), line) from error
    landmarks = np.asarray(values).reshape(-1, 2) - index_base
    known = np.isfinite(landmarks)
    if np.isinf(landmarks).any() or (known[:, 0] != known[:, 1]).any():
        raise DatasetError(path, "a point needs both x and y, finite, or neither", line)
    if known[:, 0].sum() < 2:
        raise DatasetError(path, "fewer than two points are annotated", line)
    name = row.get("name") or PurePath(row["image"]).with_suffix("").as_posix()
    return FaceSample(photo, landmarks, markup, name, boxes)
