"""The library's own detector in other runtimes: the same boxes, made once, and no TensorFlow from then on."""

import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection.own.files import NetworkFiles, bundled_network, write_file
from kerasalign.hub import cached_runtimes, read_manifest
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
def files(network, home, monkeypatch):
    """Its weights as a file like the library's own: float16."""
    import h5py

    monkeypatch.setenv("KERASALIGN_HOME", str(home))
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
    return NetworkFiles(path, build=lambda: type(network)(**network.settings))


def same(found, wanted, tolerance=0.01):
    """Whether detections are the same within some pixels."""
    for a, b in zip(found, wanted, strict=True):
        assert len(a) == len(b) > 0
        for one, other in zip(a, b):
            np.testing.assert_allclose(one.box, other.box, atol=tolerance)
            np.testing.assert_allclose(one.points, other.points, atol=tolerance)


def refuse():
    raise AssertionError("exported again")


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_boxes_are_those_of_keras_and_the_file_is_made_once(files, home, photos, runtime):
    if runtime == "litert":
        # There the photo lies in a square, so that its surroundings differ.
        photos = [photo[:50, :50] for photo in photos]
    options = {"size": SIZE, "min_score": 0.0, "second_look": False}
    wanted = KerasAlignDetector(files, **options).detect_many(photos)
    same(KerasAlignDetector(files, runtime=runtime, **options).detect_many(photos), wanted)
    again = KerasAlignDetector(replace(files, build=refuse), runtime=runtime, **options)
    same([again.detect(photo) for photo in photos], wanted)
    (entry,) = [entry for entry in cached_runtimes() if entry.runtime == runtime]
    assert entry.preset == "detector" and entry.path.parent == home / "runtimes" and entry.bytes > 1000


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_threads_share_the_bundled_one(home, photos, runtime):
    detector = KerasAlignDetector(size=SIZE, min_score=0.0, second_look=False, runtime=runtime)
    wanted = [detector.detect(photo) for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        same(list(pool.map(detector.detect, list(photos) * 6)), wanted * 6)
    same(pickle.loads(pickle.dumps(detector)).detect_many(photos), wanted)


def test_once_it_is_made_nothing_imports_a_backend(files, photos, tmp_path):
    Image.fromarray(photos[0]).save(tmp_path / "photo.png")
    KerasAlignDetector(files, SIZE, runtime="onnxruntime").detect(photos[0])
    code = """
import sys
from kerasalign.geometry import CropSpec
from kerasalign.inference import KerasAlignDetector, align
from kerasalign.markups import get_markup

class Still:
    runtime, markup, crop_spec = "onnxruntime", get_markup("5"), CropSpec(32, 1.5)
    def predict_crops(self, crops, **options):
        return {"landmarks": [self.markup.mean_shape * 20 + 16] * len(crops)}

align(Still(), sys.argv[2], detector=KerasAlignDetector(sys.argv[1], runtime="onnxruntime"))
import kerasalign.hub
from kerasalign.cli import app
kerasalign.hub.load = lambda name, weights, runtime: Still()
options = ["--runtime", "onnxruntime", "--detector", "kerasalign", "--out", sys.argv[3]]
app(["align", sys.argv[2], *options], standalone_mode=False)
loaded = {"tensorflow", "keras", "jax", "torch", "mtcnn", "tf2onnx", "onnx", "h5py"} & set(sys.modules)
assert not loaded and "onnxruntime" in sys.modules, loaded
"""
    run = [sys.executable, "-c", code, files.weights, tmp_path / "photo.png", tmp_path / "out"]
    done = subprocess.run(run, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 photo:" in done.stdout


def test_the_onnx_file_beside_the_weights_is_used_if_it_is_the_manifests(files, photos, tmp_path):
    KerasAlignDetector(files, SIZE, runtime="onnxruntime").detect(photos[0])
    (made,) = files.weights.parent.rglob("model.onnx")
    weights = Path(shutil.copy(files.weights, tmp_path / "detector.weights.h5"))
    ready = Path(shutil.copy(made, tmp_path / "detector.onnx"))
    digests = {"detector.onnx": sha256(ready)}
    exported = replace(NetworkFiles.with_exported(weights, digests), build=refuse)
    assert exported.onnx == ready
    options = {"size": SIZE, "min_score": 0.0, "second_look": False, "cache_dir": tmp_path / "cache"}
    found = KerasAlignDetector(exported, runtime="onnxruntime", **options).detect_many(photos)
    same(found, KerasAlignDetector(files, **options).detect_many(photos))
    ready.write_bytes(made.read_bytes() + b"other")
    other = NetworkFiles.with_exported(weights, digests)
    assert other.onnx is None
    with pytest.raises(AssertionError, match="exported again"):
        KerasAlignDetector(replace(other, build=refuse), runtime="onnxruntime", **options).detect(photos[0])


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_both_looks_of_the_bundled_one_are_those_of_keras(home, runtime):
    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    photo = load_image(PORTRAIT)
    photos = [photo, photo[:200]] if runtime == "onnxruntime" else [photo[:256, :256]]
    wanted = KerasAlignDetector().detect_many(photos)
    same(KerasAlignDetector(runtime=runtime).detect_many(photos), wanted)


def test_a_file_for_litert_takes_both_looks_at_its_own_size(tmp_path):
    from kerasalign.detection.own.network import FaceDetector
    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    network, photo = FaceDetector(), load_image(PORTRAIT)
    network.load_weights(bundled_network().weights)
    file = write_file(network, tmp_path / "detector.tflite", 128)
    photo = photo[:300, :300]
    same([KerasAlignDetector(file, 128).detect(photo)], [KerasAlignDetector(size=128).detect(photo)])


def test_what_comes_with_the_library_belongs_together():
    """`tools/bundle_detector.py` writes both files and the manifest's entry."""
    from kerasalign.runtimes.onnx.reader import open_session

    files = bundled_network()
    assert read_manifest().detector.exported == {"detector.onnx": sha256(files.onnx)}
    assert open_session(files.onnx).get_modelmeta().custom_metadata_map["weights_sha256"] == sha256(files.weights)


def test_a_network_and_an_exported_file_run_elsewhere_too(network, photos, tmp_path):
    onnx = pytest.importorskip("onnx")
    write_file(network, tmp_path / "kept.onnx", SIZE)
    options = {"size": SIZE, "min_score": 0.0, "second_look": False}
    wanted = KerasAlignDetector(network, **options).detect_many(photos)
    same(KerasAlignDetector(network, runtime="onnxruntime", **options).detect_many(photos), wanted)
    same(KerasAlignDetector(tmp_path / "kept.onnx", **options).detect_many(photos), wanted)
    kinds = {node.op_type for node in onnx.load(tmp_path / "kept.onnx").graph.node}
    assert not kinds & {"ScatterND", "ArgMax", "If", "Loop", "GridSample"}


def test_a_file_with_other_maps_is_not_kept(network, tmp_path):
    from kerasalign.runtimes import ParityError

    with pytest.raises(ParityError, match="maps differ"):
        write_file(network, tmp_path / "detector.onnx", SIZE, tolerance=-1.0)
    with pytest.raises(ValueError, match="must end in one of"):
        write_file(network, tmp_path / "detector.pb")
    assert not list(tmp_path.iterdir())


def test_a_named_detector_runs_in_what_the_model_runs_in(model):
    from kerasalign.inference.video import FaceTracker

    assert FaceTracker(model, "kerasalign").detector.runtime == "keras"
    model.runtime = "onnxruntime"
    assert FaceTracker(model, "kerasalign").detector is get_detector("kerasalign", "onnxruntime")
    assert get_detector("mtcnn", "litert") is get_detector("mtcnn")
