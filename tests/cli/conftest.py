"""The command in this process, with photos of the test's own."""

import logging

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from kerasalign.cli import app
from kerasalign.inference import align
from tests.support.mean_shape import MeanShape


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Runs `kerasalign ...` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger("kerasalign.inference").level
    yield lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
    logging.getLogger("kerasalign.inference").setLevel(level)
    logging.getLogger("kerasalign").setLevel(logging.NOTSET)


class FiveDots(MeanShape):
    """A model that puts its five points at the same places of every crop."""

    def align(self, source, **options):
        return align(self, source, **options)


@pytest.fixture
def five_dots(monkeypatch):
    """Every `load` gives `FiveDots`; what was asked for is noted."""
    import kerasalign.hub

    asked = []
    monkeypatch.setattr(
        kerasalign.hub, "load", lambda name, weights, runtime: asked.append((name, weights, runtime)) or FiveDots("5")
    )
    return asked


@pytest.fixture
def folder(tmp_path):
    """Two photos, one cut off in the middle, and a text that calls itself a photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (80, 100, 3)).astype("uint8")
    for name in ("a.jpg", "b.png"):
        Image.fromarray(noise).save(folder / name)
    (folder / "cut.jpg").write_bytes((folder / "a.jpg").read_bytes()[:3000])
    (folder / "text.jpg").write_text("not a photo")
    return folder
