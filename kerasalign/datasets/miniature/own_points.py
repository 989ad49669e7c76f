"""Miniatures of a user's own data in its three formats."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.pts import write_pts
from kerasalign.geometry import tight_box
from kerasalign.markups import get_markup

SPLITS = ("train", "test")


def make_pts(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `train/` and `test/` with a photo and a `.pts` file for each face."""
    for split in SPLITS:
        for photo, landmarks in draw_faces(root / split, rng, faces):
            write_pts(photo.with_suffix(".pts"), landmarks)


def make_synth(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws the layout of `kerasalign synth`; the faces are drawn, not rendered."""
    for photo, landmarks in draw_faces(root / "train" / "0000", rng, faces):
        write_pts(photo.with_suffix(".pts"), landmarks)
        five = get_markup("68").convert(landmarks, "5")
        np.savez(
            photo.with_suffix(".npz"),
            points_68=landmarks,
            visible_68=np.ones(68, bool),
            points_5=five,
            visible_5=np.ones(5, bool),
            solid=np.insert(landmarks, 2, 0, axis=1),
            pose=np.zeros(3),
        )
    (root / "synth.json").write_text(json.dumps({"renderer": "drawn", "markup": "68"}), "utf-8")


def make_csv(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.csv` and `test.csv`."""
    for split in SPLITS:
        with (root / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            box_columns = ("box_x0", "box_y0", "box_x1", "box_y1")
            table.writerow(["image", *(f"{axis}{i}" for i in range(68) for axis in "xy"), *box_columns])
            for photo, landmarks in draw_faces(root / "photos" / split, rng, faces):
                numbers = np.concatenate([landmarks.ravel(), tight_box(landmarks)])
                table.writerow([photo.relative_to(root).as_posix(), *numbers.round(6).tolist()])


def make_coco(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `photos/` with `train.json` and `test.json` in COCO's keypoint format."""
    for split in SPLITS:
        images, annotations = [], []
        for key, (photo, landmarks) in enumerate(draw_faces(root / "photos" / split, rng, faces), start=1):
            with Image.open(photo) as picture:
                width, height = picture.size
            file_name = photo.relative_to(root).as_posix()
            images.append({"id": key, "file_name": file_name, "width": width, "height": height})
            x0, y0, x1, y1 = tight_box(landmarks).tolist()
            annotations.append(
                {
                    "id": key,
                    "image_id": key,
                    "category_id": 1,
                    "iscrowd": 0,
                    "num_keypoints": 68,
                    "keypoints": np.insert(landmarks, 2, 2, axis=1).ravel().tolist(),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                }
            )
        contents = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "face"}]}
        (root / f"{split}.json").write_text(json.dumps(contents), encoding="utf-8")


def draw_faces(folder: Path, rng: np.random.Generator, faces: int) -> Iterator[tuple[Path, np.ndarray]]:
    """Draws photos of one face each into a folder; yields their paths and landmarks."""
    folder.mkdir(parents=True)
    for number in range(1, faces + 1):
        image, (landmarks,) = draw_photo(rng, "68")
        photo = folder / f"face_{number}.png"
        Image.fromarray(image).save(photo)
        yield photo, landmarks
