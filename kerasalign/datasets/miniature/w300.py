"""A miniature of the 300W layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.pts import write_pts
from kerasalign.geometry import BoxMap, tight_box

_NAMES = {
    "afw": "{:06d}_1.jpg",
    "helen/trainset": "{:08d}_1.jpg",
    "helen/testset": "{:08d}_1.jpg",
    "lfpw/trainset": "image_{:04d}.png",
    "lfpw/testset": "image_{:04d}.png",
    "ibug": "image_{:03d}_1.jpg",
    "01_Indoor": "indoor_{:03d}.png",
    "02_Outdoor": "outdoor_{:03d}.png",
}
# The challenge's test set came without boxes.
_BOXLESS = ("01_Indoor", "02_Outdoor")
_RENAMED = {
    "helen/trainset/00000001_1.jpg": "00000001_1.JPG",
    "ibug/image_002_1.jpg": "image_092 _01.jpg",
}
_MODES = {
    "helen/trainset/00000002_1.jpg": "L",
    "lfpw/trainset/image_0001.png": "L",
    "helen/testset/00000002_1.jpg": "CMYK",
}

# How a face detector's box may lie on the tight box: a little larger, without the jaw's end.
_DETECTOR = BoxMap(scale=(1.1, 1.05), shift=(0.0, -0.06))


def make_w300(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` faces into each folder of 300W, with what the original holds.

    That is: a photo of two faces, stored once for each (AFW), a name with a space (IBUG), an upper-case
    extension, grayscale and CMYK photos.
    """
    for folder in _NAMES:
        (root / folder).mkdir(parents=True)
        rows = []
        for name, photo, landmarks in _draw(folder, rng, faces):
            image = Image.fromarray(photo).convert(_MODES.get(f"{folder}/{name}", "RGB"))
            name = _RENAMED.get(f"{folder}/{name}", name)
            image.save(root / folder / name, quality=92)
            write_pts((root / folder / name).with_suffix(".pts"), landmarks)
            rows.append((name, landmarks))
        if folder not in _BOXLESS:
            _write_boxes(root, folder, rows)


def _draw(folder: str, rng: np.random.Generator, faces: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    start = 1
    if folder == "afw":
        photo, pair = draw_photo(rng, "68", faces=2)
        for index, landmarks in enumerate(pair[:faces], start=1):
            yield f"000001_{index}.jpg", photo, landmarks
        start = 3
    for number in range(start, faces + 1):
        photo, (landmarks,) = draw_photo(rng, "68")
        yield _NAMES[folder].format(number), photo, landmarks


def _write_boxes(root: Path, folder: str, rows: list[tuple[str, np.ndarray]]) -> None:
    cells = np.empty((1, len(rows)), dtype=object)
    for index, (name, landmarks) in enumerate(rows):
        box = tight_box(landmarks)
        cells[0, index] = {
            "imgName": name,
            "bb_detector": _DETECTOR(box)[None] + 1,
            "bb_ground_truth": box[None] + 1,
        }
    path = root / "Bounding Boxes" / f"bounding_boxes_{folder.replace('/', '_')}.mat"
    path.parent.mkdir(exist_ok=True)
    savemat(path, {"bounding_boxes": cells})
