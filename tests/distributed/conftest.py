"""Photos, and a network that needs no backend, for tables and for a local cluster of Ray with two workers."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from tests.support.mean_shape import MeanShape


def center(photo):
    """One face in the middle of every photo; a photo of 30 rows is one that no detector survives."""
    height, width = photo.shape[:2]
    if height == 30:
        raise RuntimeError("the detector broke")
    return [[width / 4, height / 4, width * 3 / 4, height * 3 / 4]]


def encoded(height=40, seed=0):
    """Bytes of a PNG of noise, 60 pixels wide."""
    stream = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (height, 60, 3)).astype("uint8")
    Image.fromarray(noise).save(stream, "png")
    return stream.getvalue()


@pytest.fixture(scope="session")
def five_dots():
    return MeanShape("5", runtime="onnxruntime")


@pytest.fixture(scope="session")
def finder():
    return center


@pytest.fixture(scope="session")
def png():
    return encoded


@pytest.fixture
def photos(tmp_path):
    """A folder of ten photos, of which one is no photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.png").write_bytes(encoded(seed=number) if number != 3 else b"no photo")
    return folder


@pytest.fixture(scope="session")
def ray():
    """Ray on this machine, with two workers."""
    pytest.importorskip("ray")
    from kerasalign.distributed.ray_engine import start_ray

    started = start_ray(2)
    # Workers do not see the modules of the tests.
    for name in (__name__, MeanShape.__module__):
        started.cloudpickle.register_pickle_by_value(sys.modules[name])
    yield started
    started.shutdown()
