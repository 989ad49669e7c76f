"""Miniatures of the 3DDFA data sets' layouts: 300W-LP and AFLW2000-3D.

The drawn faces look ahead; their files say other poses, so that every bin of poses has faces.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.markups import get_markup

_FOLDERS = ("AFW", "HELEN", "IBUG", "LFPW")
_YAWS = (10.0, -45.0, 75.0)  # One of each bin.
_MIRRORED = np.array([[1, -1, -1, 1, 1, 1, 1]])  # Yaw and roll change their sign.


def make_aflw2000_3d(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` faces for each of the three bins of yaw."""
    for number, photo, landmarks, pose in _draw(rng, faces * len(_YAWS)):
        stem = root / f"image{number:05d}"
        Image.fromarray(photo).save(stem.with_suffix(".jpg"), quality=92)
        depth = rng.normal(0, 20, (1, 68))
        savemat(
            stem.with_suffix(".mat"),
            {
                "pt3d_68": np.concatenate([landmarks.T + 1, depth]).astype("float32"),
                "pt2d": np.full((2, 21), -1.0),
                "Pose_Para": pose,
                "roi": np.array([[1, 1, *photo.shape[1::-1]]]),
            },
        )


def make_300w_lp(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` faces into each folder, and a mirrored copy of each."""
    for folder in _FOLDERS:
        for part in (folder, f"{folder}_Flip"):
            (root / part).mkdir()
            (root / "landmarks" / part).mkdir(parents=True)
        for number, photo, landmarks, pose in _draw(rng, faces):
            stem = f"{folder}_image_{number:04d}_0"
            _write_300w_lp(root, folder, stem, photo, landmarks, pose)
            mirrored = get_markup("68").mirror(landmarks, photo.shape[1])
            _write_300w_lp(root, f"{folder}_Flip", stem, photo[:, ::-1], mirrored, pose * _MIRRORED)


def _write_300w_lp(root: Path, part: str, stem: str, photo: np.ndarray, landmarks: np.ndarray, pose) -> None:
    Image.fromarray(photo).save(root / part / f"{stem}.jpg", quality=92)
    # The outline that the photo shows lies inside of the 3D face's contour.
    outline = landmarks.copy()
    outline[:17] += 0.05 * (landmarks.mean(0) - outline[:17])
    savemat(root / part / f"{stem}.mat", {"pt2d": (outline + 1).T, "Pose_Para": pose})
    savemat(root / "landmarks" / part / f"{stem}_pts.mat", {"pts_2d": outline + 1, "pts_3d": landmarks + 1})


def _draw(rng: np.random.Generator, faces: int) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Number, photo, landmarks, and `(1, 7)` pose parameters in radians."""
    for index in range(faces):
        photo, (landmarks,) = draw_photo(rng, "68")
        angles = np.deg2rad([rng.normal(0, 5), _YAWS[index % len(_YAWS)] + rng.normal(0, 2), rng.normal(0, 5)])
        yield index + 1, photo, landmarks, np.array([[*angles, 0.0, 0.0, 0.0, 1e-3]])
