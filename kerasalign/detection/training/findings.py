"""Tables and pictures of how a detector does on whole photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kerasalign.detection.base import Detection
from kerasalign.detection.training.whole_photos import ListedPhoto
from kerasalign.geometry import BoxMap, box_center, box_size
from kerasalign.support.files import written_beside
from kerasalign.support.tables import Table

_MISSED, _FOUND, _FALSE = (255, 220, 0), (0, 220, 0), (255, 0, 0)


def findings_tables(reports: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """Tables of `measure_whole_photos`.

    Args:
        reports: By detector, its reports, one for each rotation of the photos; the first is that of all tables but the
            last.

    Returns:
        Recall and false boxes; recall by pixels, by share of the photo and by listed score; recall by rotation, where
        there are several.
    """
    first = {name: rows[0] for name, rows in reports.items()}
    whole = [
        (
            name,
            str(row["faces"]),
            *(_percent(row[key]) for key in ("recall", "recall_20px", "recall_40px")),
            f"{row['false_per_photo']:.3f}",
            f"{row['milliseconds']['median']:.1f}",
        )
        for name, row in first.items()
    ]
    columns = ("detector", "faces", "recall", "of 20 px and more", "of 40 px and more", "false per photo", "ms")
    tables = [Table("Faces found on whole photos", columns, whole)]
    for key, title in (("pixels", "by their longer side in pixels"), ("share", "by that relative to the photo's")):
        tables.append(_by_range(f"Faces found {title}", first, key))
    tables.append(_by_range("Faces found by their listed score", first, "score"))
    degrees = [row["degrees"] for row in next(iter(reports.values()))]
    if len(degrees) > 1:
        rows = [
            (name, *(f"{_percent(row['recall'])} ({row['false_per_photo']:.3f})" for row in turned))
            for name, turned in reports.items()
        ]
        tables.append(
            Table("Faces found (false per photo) in turned photos", ("", *(f"{d:g} degrees" for d in degrees)), rows)
        )
    return tables


def _by_range(title: str, reports: Mapping[str, Mapping[str, Any]], key: str) -> Table:
    ranges = next(iter(reports.values()))[key]
    lows = [row["from"] for row in ranges]
    rows = [("faces", *(str(row["faces"]) for row in ranges))]
    rows += [(name, *(_percent(row["recall"]) for row in report[key])) for name, report in reports.items()]
    return Table(title, ("", *(f"from {low:g}" for low in lows)), rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


class FindingPictures:
    """Draws the photos in which a detector misses a face or finds a false one, into a folder.

    Missed faces are yellow, found ones green, false ones red.

    Args:
        directory: The folder.
        listed_map: How listed boxes map to those of the landmarks.
        listed_score: Listed faces of a lower score are not drawn.

    Example:

        measure_whole_photos(detector, photos, report=FindingPictures("findings"))
    """

    def __init__(self, directory: str | Path, listed_map: BoxMap | None = None, listed_score: float = 0.8) -> None:
        self.directory, self.listed_score = Path(directory), listed_score
        self.listed_map = listed_map or BoxMap()

    def __call__(
        self, photo: ListedPhoto, image: np.ndarray, detections: list[Detection], found: list[bool], false: list[bool]
    ) -> None:
        """Draws one photo, if there is something to see."""
        missed = [
            self.listed_map(box)
            for box, score, hit in zip(photo.boxes, photo.scores, found)
            if not hit and score >= self.listed_score
        ]
        if not missed and not any(false):
            return
        picture, width = np.ascontiguousarray(image), max(round(max(image.shape[:2]) / 300), 1)
        for box in missed:
            corners = np.rint(box).astype(int).tolist()
            cv2.rectangle(picture, corners[:2], corners[2:], _MISSED, width)
        for face, wrong in zip(detections, false):
            rotated = (box_center(face.box).tolist(), box_size(face.box).tolist(), face.angle)
            corners = np.rint(cv2.boxPoints(rotated)).astype("int32")
            cv2.polylines(picture, [corners], True, _FALSE if wrong else _FOUND, width)
            if wrong:
                at = corners.min(0).tolist()
                cv2.putText(picture, f"{face.score:.2f}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _FALSE, 1, cv2.LINE_AA)
        with written_beside(self.directory / f"{photo.path.stem}.png") as draft:
            cv2.imwrite(str(draft), picture[..., ::-1])
