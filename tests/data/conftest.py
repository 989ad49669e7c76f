"""Small generated faces: photos on disk, and a cache in memory."""

import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import cv2
import numpy as np
import pytest

from kerasalign.data.cache import CropCache, cached_spec
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import CropSpec, tight_box
from kerasalign.markups import get_markup

SPEC = CropSpec(size=64, scale=64 / 40)


def face_points(count: int, center, size: float, markup: str = "68", seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mean = get_markup(markup).mean_shape
    return mean * size + np.asarray(center) + rng.normal(0, 0.02 * size, (count, *mean.shape))


@pytest.fixture
def spec():
    return SPEC


@pytest.fixture
def samples(tmp_path):
    """Eight faces in seven photos; the last two share one. Some reach over the photo's edge."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "photos"
    folder.mkdir()
    centers = [(60, 50), (40, 60), (10, 50), (80, 60), (60, 95), (115, 5), (30, 50), (90, 50)]
    points = face_points(8, (0, 0), 45, seed=2)
    faces = []
    for i, center in enumerate(centers):
        path = folder / f"{min(i, 6)}.png"
        if not path.exists():
            photo = cv2.GaussianBlur(rng.integers(0, 256, (100, 120, 3), "uint8"), (0, 0), 2)
            photo[40:44] = 0
            cv2.imwrite(str(path), photo)
        detector = np.tile(center, 2) + np.array([-30.0, -20.0, 20.0, 30.0])
        faces.append(FaceSample(path, points[i] + center, "68", f"face-{i}", {"detector": detector}))
    return faces


@pytest.fixture(scope="session")
def memory_cache():
    """Forty faces in smooth noise; the left third of every fourth picture is outside its photo."""
    wide = cached_spec(SPEC)
    size = wide.size
    rng = np.random.default_rng(3)
    crops = np.stack([cv2.GaussianBlur(rng.integers(0, 256, (size, size, 3), "uint8"), (0, 0), 2) for _ in range(40)])
    crops = np.maximum(crops, 1)
    crops[::4, :, : size // 3] = 0
    points = face_points(40, (0, 0), 1, seed=4)
    # Boxes lie in the middle and have the cached size, as in a cache that was cut by them.
    for i in range(40):
        x0, y0, x1, y1 = tight_box(points[i])
        points[i] = (points[i] - [(x0 + x1) / 2, (y0 + y1) / 2]) * 40 / max(x1 - x0, y1 - y0) + (size - 1) / 2
    boxes = np.stack([tight_box(p) for p in points])
    return CropCache(crops, points.astype("float32"), boxes, [f"f{i}" for i in range(40)], wide, "68")
