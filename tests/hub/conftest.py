"""A manifest of the test's own, and a network that costs nothing."""

import json

import numpy as np
import pytest

from kerasalign.geometry import CropSpec
from tests.support.entries import WEIGHTS, preset_entry, weights_entry
from tests.support.loopback import LoopbackHub


class FakeModel:
    """Stands in for a network: remembers what it was built from and what was loaded."""

    def __init__(self, config):
        self.config = config
        self.crop_spec = CropSpec(size=228, scale=1.5)
        self.loaded = None
        self.trainable_weights = [np.zeros((3, 4)), np.zeros(5)]

    def load_weights(self, path):
        self.loaded = path

    def inference_network(self):
        return self

    def with_origin(self, origin):
        self.origin = origin
        return self

    def count_macs(self, convention):
        return {"full": 200, "paper": 100}[convention]

    def align(self, source, **options):
        return self.config["name"], source, options


@pytest.fixture(autouse=True, scope="module")
def markups():
    """Markups that a test registers are forgotten after its file."""
    from kerasalign.markups import list_markups, unregister_markup

    known = set(list_markups())
    yield
    for name in set(list_markups()) - known:
        unregister_markup(name)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A Hub of the test's own, which the real client talks to, and an empty cache."""
    from huggingface_hub import close_session, constants

    hub = LoopbackHub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    # The client waits longer and longer between its attempts.
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    close_session()
    yield hub
    close_session()
    hub.close()


@pytest.fixture
def manifest_json():
    five = {"class": "Fake", "markup": "5", "num_landmarks": 5, "name": "tiny-five"}
    return {
        "version": 1,
        "default": "tiny-drawn",
        "presets": {
            "tiny-five": preset_entry("tiny-five", architecture=five, weights=weights_entry()),
            "tiny-drawn": preset_entry("tiny-drawn", weights=weights_entry()),
            "large-drawn": preset_entry("large-drawn", paper="large"),
            "large-mobile": preset_entry("large-mobile", paper="large", recipe="", notes="Size only."),
        },
    }


@pytest.fixture
def hub(tmp_path, monkeypatch, manifest_json):
    """`kerasalign.hub` with this manifest, a bundled file and fake networks."""
    import kerasalign.hub
    import kerasalign.models

    bundled = tmp_path / "package" / "weights"
    bundled.mkdir(parents=True)
    (bundled / "tiny.weights.h5").write_bytes(WEIGHTS)
    path = tmp_path / "weights_manifest.json"
    path.write_text(json.dumps(manifest_json))
    monkeypatch.delenv("KERASALIGN_WEIGHTS", raising=False)
    for module in (kerasalign.hub.manifest, kerasalign.hub.source):
        monkeypatch.setattr(module, "manifest_path", lambda: path)
    monkeypatch.setattr(kerasalign.hub.weights, "_BUNDLED", bundled)
    monkeypatch.setattr(kerasalign.models, "build", FakeModel)
    kerasalign.hub.presets._loaded.cache_clear()
    yield kerasalign.hub
    kerasalign.hub.presets._loaded.cache_clear()
