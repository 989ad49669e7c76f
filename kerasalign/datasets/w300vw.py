"""300VW: 114 videos with 68 points in every frame (Shen et al., ICCVW 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.mat import load_mat
from kerasalign.datasets.pts import read_pts
from kerasalign.datasets.sample import EmbeddedImage, FaceSample
from kerasalign.datasets.video_frames import count_frames, read_frame
from kerasalign.support.checks import at_least

# The official lists.
VIDEOS = {
    "train": (
        "009 059 002 033 020 035 018 119 120 025 205 047 007 013 004 143 034 028 053 225 041 010 031 046 049 "
        "011 027 003 016 160 113 001 029 043 112 138 144 204 057 015 044 048 017 115 223 037 123 019 039 022"
    ),
    "category1": (
        "114 124 125 126 150 158 401 402 505 506 507 508 509 510 511 514 515 518 519 520 521 522 524 525 537 "
        "538 540 541 546 547 548"
    ),
    "category2": ("203 208 211 212 213 214 218 224 403 404 405 406 407 408 409 412 550 551 553"),
    "category3": ("410 411 516 517 526 528 529 530 531 533 557 558 559 562"),
}
_POINTS = 68


class W300VW(Dataset):
    """300VW: `train` (50 videos) and the test sets `category1` (31), `category2` (19) and `category3` (14).

    Layout: `<video>/vid.avi` and `<video>/annot/000001.pts`, one per frame, 1-based. A frame is a face, named by video
    and frame: `"009/000001"`; its photo is decoded when it is asked for. There are no boxes. Attributes: `video` and
    `frame`. A decoder may find a few frames less than were annotated: those are left out with a note, and a video that
    lacks more than one in a hundred is an error.

    Reader options: `stride` (1): take every so-many-th frame of a video. `drop_marked` (False): leave out the frames
    that `extra/<video>.mat` marks as annotated wrongly.
    """

    name = "300vw"
    markup = "68"
    splits: ClassVar = dict.fromkeys(VIDEOS)

    def recognize(self, root: Path) -> bool:
        return any((root / video / "annot").is_dir() for videos in VIDEOS.values() for video in videos.split())

    def missing(self, root: Path, split: str) -> list[str]:
        return [f"{video}/" for video in VIDEOS[split].split() if not (root / video / "annot").is_dir()]

    def faces(self, root: Path, split: str, stride: int = 1, drop_marked: bool = False) -> Iterator[Finding]:
        at_least(1, stride=stride)
        for video in VIDEOS[split].split():
            if (root / video / "annot").is_dir():
                try:
                    yield from self._video(root, video, split, stride, drop_marked)
                except DatasetError as error:
                    yield error

    def _video(self, root: Path, video: str, split: str, stride: int, drop_marked: bool) -> Iterator[Finding]:
        path = root / video / "vid.avi"
        files = {int(file.stem): file for file in (root / video / "annot").glob("*.pts") if file.stem.isdecimal()}
        total = count_frames(path)
        lost = [number for number in files if number > total]
        reason = f"{len(lost)} of {len(files)} annotated frames are beyond its {total} frames"
        if len(lost) > 0.01 * len(files):
            raise DatasetError(path, reason)
        if lost:
            yield DatasetNote(path, reason)
        marked = _marked(root / "extra" / f"{video}.mat") if drop_marked else set()
        for number in sorted(files.keys() - set(lost) - marked)[::stride]:
            try:
                landmarks = read_pts(files[number], _POINTS)
            except DatasetError as error:
                yield error
                continue
            name = f"{number:06d}"
            attributes = {"subset": split, "video": video, "frame": number}
            image = EmbeddedImage(path, name, read_frame)
            yield FaceSample(image, landmarks, self.markup, f"{video}/{name}", attributes=attributes)


def _marked(path: Path) -> set[int]:
    """Numbers of the frames that a video's `error` list names; none without a list."""
    if not path.is_file():
        return set()
    numbers = np.atleast_1d(np.asarray(load_mat(path).get("error", ()))).ravel()
    if numbers.dtype.kind not in "iuf" and numbers.size:
        raise DatasetError(path, f"`error` must hold numbers of frames, not {numbers.dtype}")
    return {int(number) for number in numbers}
