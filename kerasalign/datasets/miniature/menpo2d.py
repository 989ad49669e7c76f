"""A miniature of the Menpo2D layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.pts import write_pts


def make_menpo2d(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` semi-frontal faces for each of the two sets, and a profile with its 39 points beside them."""
    for folder in ("trainset", "testset"):
        for kind, number, points in (("semifrontal", faces, 68), ("profile", 1, 39)):
            (root / folder / kind).mkdir(parents=True)
            for index in range(number):
                photo, (landmarks,) = draw_photo(rng, "68")
                stem = root / folder / kind / f"aflw__face_{index + 39844}"
                Image.fromarray(photo).save(stem.with_suffix(".jpg"), quality=92)
                write_pts(stem.with_suffix(".pts"), landmarks[:points])
