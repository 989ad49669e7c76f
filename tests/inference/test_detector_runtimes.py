"""The library's own detector in other runtimes: the same boxes, made once, and no TensorFlow from then on."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection.own import files as networks
from kerasalign.hub import read_manifest
from kerasalign.hub.manifest import DetectorEntry, Manifest
from kerasalign.inference import KerasAlignDetector, get_detector
from kerasalign.support.files import sha256

SIZE = 64


@pytest.fixture(scope="module")
def network():
    """A small network that says something else of every picture."""
    from kerasalign.detection.training import FaceDetector

    network = FaceDetector(channels=(4, 4, 4, 4, 4), blocks=(0, 0, 0, 0), head=4)
    random = np.random.default_rng(3)
    for weight in network.weights:
        if weight.path.endswith("kernel"):
            spread = (2 / np.prod(weight.shape[:-1])) ** 0.5
            weight.assign(random.normal(0, spread, weight.shape).astype("float16"))
    return network


@pytest.fixture
def photos():
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*shape, 3)).astype("uint8") for shape in ((50, 80), (80, 50), (64, 64))]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A cache that the tests of this file share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def weights(network, home, monkeypatch, tmp_path_factory):
    """Its weights as a file with the library's are: float16. A detector of such a file is built as this one is."""
    import h5py

    monkeypatch.setenv("KERASALIGN_HOME", str(home))
    monkeypatch.setattr(
        "kerasalign.detection.own.network.FaceDetector", lambda dtype: type(network)(**network.settings)
    )
    path = home / "detector.weights.h5"
    if not path.is_file():
        network.save_weights(path)
        with h5py.File(path, "r+") as file:
            names = []
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            for name in names:
                values = file[name][()]
                if values.dtype == "float32":
                    del file[name]
                    file[name] = values.astype("float16")
    return path


def same(found, wanted, tolerance=0.01):
    """Whether detections are the same within some pixels."""
    for a, b in zip(found, wanted, strict=True):
        assert len(a) == len(b) > 0
        for one, other in zip(a, b):
            np.testing.assert_allclose(one.box, other.box, atol=tolerance)
            np.testing.assert_allclose(one.points, other.points, atol=tolerance)


def refuse(*arguments, **options):
    raise AssertionError("exported again")


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_boxes_are_those_of_keras_and_the_file_is_made_once(weights, home, photos, runtime, monkeypatch):
    options = {"size": SIZE, "min_score": 0.0, "second_look": False}
    wanted = KerasAlignDetector(weights, **options).detect_many(photos)
    same(KerasAlignDetector(weights, runtime=runtime, **options).detect_many(photos), wanted)
    monkeypatch.setattr(networks, "write_file", refuse)
    again = KerasAlignDetector(weights, runtime=runtime, **options)
    same([again.detect(photo) for photo in photos], wanted)
    from kerasalign.hub import cached_runtimes

    (entry,) = [entry for entry in cached_runtimes() if entry.runtime == runtime]
    assert entry.preset == "detector" and entry.path.parent == home / "runtimes" and entry.bytes > 1000


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_threads_share_the_bundled_one(home, photos, runtime):
    detector = KerasAlignDetector(size=SIZE, min_score=0.0, second_look=False, runtime=runtime)
    wanted = [detector.detect(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        same(list(pool.map(detector.detect, list(photos) * 6)), wanted * 6)


def test_once_it_is_made_nothing_imports_a_backend(weights, photos, tmp_path):
    Image.fromarray(photos[0]).save(tmp_path / "photo.png")
    KerasAlignDetector(weights, SIZE, runtime="onnxruntime").detect(photos[0])
    code = """
import sys
from pathlib import Path
from kerasalign.geometry import CropSpec
from kerasalign.inference import align
from kerasalign.detection.own import files as networks
from kerasalign.markups import get_markup
networks.bundled_weights = lambda: Path(sys.argv[1])

class Still:
    runtime, markup, crop_spec = "onnxruntime", get_markup("5"), CropSpec(32, 1.5)
    def predict_crops(self, crops, **options):
        return {"landmarks": [self.markup.mean_shape * 20 + 16] * len(crops)}

align(Still(), sys.argv[2], detector="kerasalign")
import kerasalign.hub
from kerasalign.cli import app
kerasalign.hub.load = lambda name, weights, runtime: Still()
options = ["--runtime", "onnxruntime", "--detector", "kerasalign", "--out", sys.argv[3]]
app(["align", sys.argv[2], *options], standalone_mode=False)
loaded = {"tensorflow", "keras", "jax", "torch", "mtcnn", "tf2onnx", "onnx", "h5py"} & set(sys.modules)
assert not loaded and "onnxruntime" in sys.modules, loaded
"""
    run = [sys.executable, "-c", code, weights, tmp_path / "photo.png", tmp_path / "out"]
    done = subprocess.run(run, check=True, env=os.environ, capture_output=True, text=True)
    assert "1 photo:" in done.stdout


def test_the_file_that_comes_with_the_library_is_used_if_it_is_the_manifests(weights, photos, tmp_path, monkeypatch):
    KerasAlignDetector(weights, SIZE, runtime="onnxruntime").detect(photos[0])
    (made,) = weights.parent.rglob("model.onnx")
    bundled = tmp_path / "detector.weights.h5"
    shutil.copy(weights, bundled)
    ready = Path(shutil.copy(made, tmp_path / "detector.onnx"))
    known = DetectorEntry(None, {"detector.onnx": sha256(ready)})
    monkeypatch.setattr(networks, "bundled_weights", lambda: bundled)
    monkeypatch.setattr("kerasalign.hub.read_manifest", lambda: Manifest({}, "", known))
    monkeypatch.setattr(networks, "_made_once", refuse)
    found = KerasAlignDetector(size=SIZE, min_score=0.0, second_look=False, runtime="onnxruntime").detect_many(photos)
    same(found, KerasAlignDetector(size=SIZE, min_score=0.0, second_look=False).detect_many(photos))
    networks._bundled.cache_clear()
    ready.write_bytes(made.read_bytes() + b"other")
    with pytest.raises(AssertionError, match="exported again"):
        KerasAlignDetector(runtime="onnxruntime").detect(photos[0])


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_both_looks_of_the_bundled_one_are_those_of_keras(home, runtime):
    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    photo = load_image(PORTRAIT)
    wanted = KerasAlignDetector().detect_many([photo, photo[:200]])
    same(KerasAlignDetector(runtime=runtime).detect_many([photo, photo[:200]]), wanted)


def test_a_file_for_litert_takes_both_looks_at_its_own_size(tmp_path):
    from kerasalign.detection.own.network import FaceDetector
    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    network, photo = FaceDetector(), load_image(PORTRAIT)
    network.load_weights(networks.bundled_weights())
    file = networks.write_file(network, tmp_path / "detector.tflite", 128)
    same([KerasAlignDetector(file, 128).detect(photo)], [KerasAlignDetector(size=128).detect(photo)])


def test_what_comes_with_the_library_belongs_together():
    """`tools/bundle_detector.py` writes both files and the manifest's entry."""
    from kerasalign.runtimes.onnx.reader import open_session

    weights = networks.bundled_weights()
    ready = weights.with_name("detector.onnx")
    assert read_manifest().detector.exported == {ready.name: sha256(ready)}
    assert open_session(ready).get_modelmeta().custom_metadata_map["weights_sha256"] == sha256(weights)


def test_a_network_and_an_exported_file_run_elsewhere_too(network, photos, tmp_path, monkeypatch):
    onnx = pytest.importorskip("onnx")
    write = networks.write_file
    monkeypatch.setattr(networks, "write_file", lambda *how: Path(shutil.copy(write(*how), tmp_path / "kept.onnx")))
    options = {"size": SIZE, "min_score": 0.0, "second_look": False}
    wanted = KerasAlignDetector(network, **options).detect_many(photos)
    same(KerasAlignDetector(network, runtime="onnxruntime", **options).detect_many(photos), wanted)
    same(KerasAlignDetector(tmp_path / "kept.onnx", **options).detect_many(photos), wanted)
    kinds = {node.op_type for node in onnx.load(tmp_path / "kept.onnx").graph.node}
    assert not kinds & {"ScatterND", "ArgMax", "If", "Loop", "GridSample"}


def test_a_file_with_other_maps_is_not_kept(network, tmp_path, monkeypatch):
    from kerasalign.runtimes import ParityError

    monkeypatch.setattr(
        "kerasalign.runtimes.onnx.writer.write_onnx", lambda network, path, told: path.write_text("ONNX")
    )
    monkeypatch.setattr(networks, "open_file", lambda path: lambda pictures: np.zeros((2, 32, 32, 17)))
    with pytest.raises(ParityError, match="maps differ"):
        networks.write_file(network, tmp_path / "detector.onnx")
    with pytest.raises(ValueError, match="must end in one of"):
        networks.write_file(network, tmp_path / "detector.pb")
    assert not list(tmp_path.iterdir())


def test_a_named_detector_runs_in_what_the_model_runs_in(model):
    from kerasalign.inference.video import FaceTracker

    assert FaceTracker(model, "kerasalign").detector.runtime == "keras"
    model.runtime = "onnxruntime"
    assert FaceTracker(model, "kerasalign").detector is get_detector("kerasalign", "onnxruntime")
    assert get_detector("mtcnn", "litert") is get_detector("mtcnn")
