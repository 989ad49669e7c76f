from dataclasses import replace

import numpy as np
import pytest

from kerasalign.detection.training import CrowdConfig, pool_scene, write_pool
from kerasalign.geometry import tight_box
from kerasalign.markups import get_markup
from kerasalign.synth.dataset.series import Series

SERIES = Series(seed=4, size=64, scene=replace(pool_scene(), skin_detail=0.0, hair=0.0, beard=0.0, headwear=0.0))


class MarkedPool:
    """Upright faces of flat green, with a red disc at each of the five points."""

    def __init__(self, count=3, size=96):
        face = get_markup("68").mean_shape * 40 + (size - 1) / 2
        five = get_markup("5").mean_shape * 30 + (size - 1) / 2
        self.points = np.tile(np.concatenate([face, five]), (count, 1, 1)).astype("float32")
        self.angles = np.zeros(count)
        self.boxes = np.array([tight_box(face)] * count)
        y, x = np.mgrid[:size, :size]
        self.cut = np.zeros((size, size, 4), "uint8")
        self.cut[8:, 12:-12] = (0, 160, 0, 255)
        for a, b in five:
            self.cut[np.hypot(x - a, y - b) < 3.5] = (200, 0, 0, 255)
        self.card = {"marked": count}

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        return self.cut


@pytest.fixture(scope="session")
def heads(tmp_path_factory):
    """A folder of five heads without hair."""
    path = tmp_path_factory.mktemp("detector") / "heads"
    assert write_pool(SERIES, 5, path, progress=False) == 5
    return path


@pytest.fixture(scope="session")
def series():
    return SERIES


@pytest.fixture(scope="session")
def marked():
    return MarkedPool()


@pytest.fixture(scope="session")
def clear():
    """Scenes as they are composed, without what cameras and things in front do."""
    return CrowdConfig(size=128, occluders=0.0, degrade=0.0, letterbox=0.5, face=(0.2, 0.6))
