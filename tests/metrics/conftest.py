import numpy as np
import pytest

from kerasalign.markups import get_markup


def make_faces(markup: str = "68", count: int = 5, noise: float = 1.5, seed: int = 0):
    """Predictions and ground truth of upright faces, about 100 px large."""
    generator = np.random.default_rng(seed)
    shape = get_markup(markup).mean_shape * 100 + 60
    target = shape + generator.normal(0, 1.0, (count, *shape.shape))
    return target + generator.normal(0, noise, target.shape), target


@pytest.fixture
def faces():
    return make_faces
