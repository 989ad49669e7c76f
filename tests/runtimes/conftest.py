"""A small network with known weights, and a folder that holds it as a preset."""

import pytest

from tests.support.cases import MODELS, set_known_weights


@pytest.fixture(scope="session")
def small():
    model = MODELS["AAN"].make()
    set_known_weights(model)
    return model


@pytest.fixture
def preset(small, tmp_path, monkeypatch):
    """Path of a preset's folder; runtimes are cached in a folder of the test's own."""
    from kerasalign.hub import save_preset

    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    save_preset(small, tmp_path / "mine", license="Apache-2.0")
    return tmp_path / "mine"
