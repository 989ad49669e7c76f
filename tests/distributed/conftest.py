"""Photos, and a network that needs no backend, for tables and for a local cluster of Ray with two workers."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from kerasalign.geometry import CropSpec
from kerasalign.markups import get_markup


class FiveDots:
    """Puts its five points at the same places of every crop."""

    name = "five-dots"
    markup = get_markup("5")
    crop_spec = CropSpec(size=64, scale=1.5)
    runtime = "onnxruntime"

    def predict_crops(self, crops, **options):
        return {"landmarks": np.tile(self.markup.mean_shape * 40 + 31.5, (len(crops), 1, 1))}


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
    return FiveDots()


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
    started.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield started
    started.shutdown()
