"""A catalog of the test's own, and a Hub on the loopback."""

import pytest

from kerasalign.hub import Catalog, Manifest, use_catalog
from tests.support.entries import WEIGHTS, architecture, manifest_entries
from tests.support.loopback import LoopbackHub


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
    # The client reads this variable once, when it is imported; the loopback server has no Xet storage.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    # The client waits longer and longer between its attempts, and takes no setting for it.
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    close_session()
    yield hub
    close_session()
    hub.close()


@pytest.fixture(scope="session")
def weights_files(tmp_path_factory):
    """Content of a weights file of the small network, by markup."""
    from kerasalign.models import build
    from tests.support.cases import set_known_weights

    contents = {}
    for markup in ("5", "68"):
        model = build(architecture(markup))
        set_known_weights(model)
        path = tmp_path_factory.mktemp("weights") / "model.weights.h5"
        model.save_weights(path)
        contents[markup] = path.read_bytes()
    return contents


@pytest.fixture
def manifest_json():
    """The manifest of `catalog`; a test file that needs another one overrides this fixture."""
    return manifest_entries()


@pytest.fixture
def bundled():
    """The files that come with the package: name to content."""
    return {"tiny.weights.h5": WEIGHTS}


@pytest.fixture
def catalog(tmp_path, monkeypatch, manifest_json, bundled):
    """The catalog that the library uses during the test; kerasalign-weights is the folder `package weights`."""
    monkeypatch.delenv("KERASALIGN_WEIGHTS", raising=False)
    folder = tmp_path / "package"
    folder.mkdir()
    for name, content in bundled.items():
        (folder / name).write_bytes(content)
    manifest = Manifest.from_json(manifest_json)
    with use_catalog(Catalog(manifest, folder, package=tmp_path / "package weights")) as catalog:
        yield catalog
