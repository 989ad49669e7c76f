"""Miniatures of the layouts of AFLW, CelebA and 300VW."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.io import savemat

from kerasalign.datasets.aflw_sqlite import _NUMBERS
from kerasalign.datasets.miniature.clip import draw_clip, write_clip
from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.pts import write_pts
from kerasalign.datasets.w300vw import VIDEOS
from kerasalign.geometry import BoxMap, tight_box
from kerasalign.markups import get_markup

_WIDER = BoxMap(scale=(1.15, 1.1), shift=(0.0, -0.03))
_NAMES = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")


def make_aflw(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `3 * faces` faces in AFLW's three folders, with both forms of annotation.

    Two faces share a photo, and a `.png` is called `.jpg`.
    """
    rows = []
    for folder in "023":
        (root / "data" / "flickr" / folder).mkdir(parents=True)
        photo, pair = draw_photo(rng, "19", faces=2)
        drawn = [(photo, pair[:faces])] + [draw_photo(rng, "19") for _ in range(faces - 2)]
        for number, (photo, found) in enumerate(drawn, start=1):
            name = f"{folder}/image{number:05d}.jpg"
            path = root / "data" / "flickr" / name
            Image.fromarray(photo).save(path.with_suffix(".png") if number == 2 else path, quality=92)
            rows += [(name, points) for points in found]
    order = rng.permutation(len(rows))
    boxes = np.array([_WIDER(tight_box(points)) for _, points in rows])
    savemat(
        root / "AFLWinfo_release.mat",
        {
            "nameList": np.array([[name] for name, _ in rows], dtype=object),
            "bbox": boxes[:, [0, 2, 1, 3]] + 1,
            "data": np.array([points.T.ravel() for _, points in rows]) + 1,
            "mask_new": (rng.uniform(size=(len(rows), 19)) < 0.9).astype("uint8"),
            "ra": order[None] + 1,
        },
    )
    with closing(sqlite3.connect(root / "data" / "aflw.sqlite")) as database, database:
        database.execute("CREATE TABLE Faces (face_id INTEGER, file_id TEXT, db_id TEXT)")
        database.execute("CREATE TABLE FaceImages (image_id INTEGER, db_id TEXT, file_id TEXT, filepath TEXT)")
        database.execute("CREATE TABLE FaceRect (face_id INTEGER, x REAL, y REAL, w REAL, h REAL)")
        database.execute("CREATE TABLE FacePose (face_id INTEGER, roll REAL, pitch REAL, yaw REAL)")
        database.execute("CREATE TABLE FeatureCoords (face_id INTEGER, feature_id INTEGER, x REAL, y REAL)")
        for index, name in enumerate(dict.fromkeys(name for name, _ in rows)):
            database.execute("INSERT INTO FaceImages VALUES (?, 'flickr', ?, ?)", (index, name.replace("/", "_"), name))
        for key, ((name, points), box) in enumerate(zip(rows, boxes), start=39341):
            x0, y0, x1, y1 = np.rint(box).tolist()
            database.execute("INSERT INTO Faces VALUES (?, ?, 'flickr')", (key, name.replace("/", "_")))
            database.execute("INSERT INTO FaceRect VALUES (?, ?, ?, ?, ?)", (key, x0, y0, x1 - x0 + 1, y1 - y0 + 1))
            database.execute("INSERT INTO FacePose VALUES (?, 0.1, -0.2, 0.7)", (key,))
            points = [(key, number, *point) for number, point in zip(_NUMBERS, points.tolist())]
            ear = (key, 13, points[0][2] - 20, points[0][3] + 10)
            database.executemany("INSERT INTO FeatureCoords VALUES (?, ?, ?, ?)", [*points, ear])


def make_celeba(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` aligned photos for each official partition, with the lists as CelebA has them."""
    folder = root / "Img" / "img_align_celeba"
    folder.mkdir(parents=True)
    lines, partition = [], []
    for number in range(1, 3 * faces + 1):
        photo, (points,) = draw_photo(rng, "5", height=160)
        left = (178 - photo.shape[1]) // 2
        photo = cv2.copyMakeBorder(photo, 29, 29, left, 178 - photo.shape[1] - left, cv2.BORDER_REPLICATE)
        name = f"{number:06d}.jpg"
        Image.fromarray(photo).save(folder / name, quality=92)
        numbers = np.rint(points + np.array([left, 29])).astype(int).ravel()
        lines.append(f"{name} " + " ".join(f"{value:4d}" for value in numbers))
        partition.append(f"{name} {(number - 1) // faces}")
    header = " ".join(f"{part}_{axis}" for part in _NAMES for axis in "xy")
    for place, name, rows in (
        ("Anno", "list_landmarks_align_celeba", [str(len(lines)), f"{header} ", *lines]),
        ("Eval", "list_eval_partition", partition),
    ):
        (root / place).mkdir()
        (root / place / f"{name}.txt").write_text("\n".join(rows) + "\n", "utf-8")


def make_300vw(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws two videos of `faces` frames for the training set and for each category; the others are a frame long."""
    frames, landmarks = draw_clip(rng, get_markup("68"), 1)
    for videos in VIDEOS.values():
        for index, video in enumerate(videos.split()):
            (root / video / "annot").mkdir(parents=True)
            if index < 2:
                own, points = draw_clip(rng, get_markup("68"), faces)
                write_clip(root / video / "vid.avi", own)
                for number, points_of_frame in enumerate(points, start=1):
                    write_pts(root / video / "annot" / f"{number:06d}.pts", points_of_frame)
            elif index == 2:
                write_clip(root / video / "vid.avi", frames)
                write_pts(root / video / "annot" / "000001.pts", landmarks[0])
            else:
                shutil.copytree(root / videos.split()[2], root / video, dirs_exist_ok=True)
