"""Faces as COCO keypoints, the form that annotation tools such as CVAT and Label Studio read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kerasalign.inference.exporters.rows import relative
from kerasalign.inference.exporters.sinks import partial_path
from kerasalign.inference.serialize import plain, source_path
from kerasalign.markups import Markup
from kerasalign.support.files import written_beside
from kerasalign.support.json_lines import JsonLines

if TYPE_CHECKING:
    from kerasalign.inference.face import Face
    from kerasalign.inference.faces import Faces


def category(markup: Markup) -> dict[str, Any]:
    """The COCO category of a markup: names of its points by their parts, and its curves as a skeleton from 1."""
    part_of = {point: part for part, points in markup.parts.items() for point in points}
    names = [f"{part_of.get(point, 'point')}_{point}" for point in range(markup.num_points)]
    skeleton = [[int(a) + 1, int(b) + 1] for a, b in markup.edges]
    return {"id": 1, "name": "face", "supercategory": "person", "keypoints": names, "skeleton": skeleton}


def annotation(face: Face, number: int, image: int) -> dict[str, Any]:
    """A face as a COCO annotation. A point is `[x, y, 2]`, one that is not known `[0, 0, 0]`."""
    known = np.asarray(np.isfinite(face.landmarks).all(-1))
    points = np.where(known[:, None], face.landmarks, 0.0)
    keypoints = np.column_stack([points, np.where(known, 2, 0)]).ravel()
    left, top, right, bottom = face.box
    values: dict[str, Any] = {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": plain(np.array([left, top, right - left, bottom - top])),
        "area": plain((right - left) * (bottom - top)),
        # Datumaro, which CVAT reads by, misses it otherwise.
        "segmentation": [],
        "num_keypoints": int(known.sum()),
        "keypoints": [int(value) if index % 3 == 2 else plain(value) for index, value in enumerate(keypoints)],
    }
    return values if math.isnan(face.score) else values | {"score": plain(face.score)}


def photo_of(faces: Faces, number: int, folder: Path | None) -> dict[str, Any]:
    """A photo as a COCO image; one that was not given by its path is named by its number."""
    path = source_path(faces.source)
    name = f"photo_{number}" if path is None else path if folder is None else relative(path, folder)
    return {"id": number, "file_name": name, "width": int(faces.size[0]), "height": int(faces.size[1])}


def coco_document(photos: Iterable[Faces], folder: Path | None = None) -> dict[str, Any]:
    """Photos and faces as one COCO document; photos that could not be read are left out.

    Args:
        photos: The faces of each photo, of one markup.
        folder: Folder from which paths of photos are written; by default they are written as they were given.
    """
    images: list[dict] = []
    annotations: list[dict] = []
    categories: list[dict] = []
    for faces in photos:
        categories = categories or [category(faces.markup)]
        if faces.problem:
            continue
        images.append(photo_of(faces, len(images) + 1, folder))
        annotations += [annotation(face, len(annotations) + 1 + i, len(images)) for i, face in enumerate(faces)]
    return {"images": images, "annotations": annotations, "categories": categories}


class CocoSink:
    """Results as one file of COCO keypoints.

    While photos are aligned, `NAME.partial.jsonl` beside the file has a line for each; the end of the block makes the
    document of them, also after an error, Ctrl-C or a signal. Paths of photos are written from the file's folder.

    Args:
        path: The file; it is replaced at the end.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lines = JsonLines(partial_path(self.path))
        self._categories: list[dict[str, Any]] = []
        self._photos = self._faces = 0

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def write(self, faces: Faces) -> None:
        """Adds the faces of one photo; one that could not be read is left out."""
        self._categories = self._categories or [category(faces.markup)]
        if faces.problem:
            return
        self._photos += 1
        found = [annotation(face, self._faces + 1 + i, self._photos) for i, face in enumerate(faces)]
        self._faces += len(found)
        self._lines.write({"image": photo_of(faces, self._photos, self.path.parent), "annotations": found})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lines.__exit__(kind, error, traceback)
        if error is not None and not self._lines.count:
            return
        try:
            with written_beside(self.path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write('{"images": [')
                _join(stream, (json.dumps(line["image"]) for line in self._read()))
                stream.write('],\n"annotations": [')
                _join(stream, (json.dumps(face) for line in self._read() for face in line["annotations"]))
                stream.write(f'],\n"categories": {json.dumps(self._categories)}}}\n')
        except OSError as problem:
            reason = problem.strerror or str(problem)
            message = f"{self.path} cannot be written ({reason}). What was found is in {self._lines.path}"
            raise OSError(message) from problem
        self._lines.path.unlink()

    def _read(self) -> Iterable[dict[str, Any]]:
        with self._lines.path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _join(stream: Any, items: Iterable[str]) -> None:
    for index, item in enumerate(items):
        stream.write(f"{',' if index else ''}\n{item}")
