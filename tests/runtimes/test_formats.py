"""LiteRT, SavedModel, cascades in a file per iteration, and smaller weights."""

import json
import pickle
import zipfile

import keras
import numpy as np
import pytest

from kerasalign.layers import ConvNorm
from kerasalign.models.musica.onnx_cascade import OnnxCascade
from kerasalign.runtimes import LiteRTModel, ParityError, SavedModel, compare, export_model, open_runtime
from kerasalign.runtimes.onnx.small_weights import quantize_weights
from kerasalign.runtimes.onnx.writer import write_onnx
from tests.support.arrays import crops
from tests.support.cases import MODELS, set_known_weights


@pytest.fixture(scope="module")
def cascade():
    """A MuSiCa whose estimates are about 5 percent and differ from face to face."""
    model = MODELS["MuSiCa"].make()
    set_known_weights(model)
    for number, iteration in enumerate(model.cascade):
        kernel, bias = iteration.regress.get_weights()
        kernel[:, -1] *= 300
        iteration.regress.set_weights([kernel, bias])
        # Between two faces: on the threshold itself rounding decides.
        errors = np.sort(model.predict_crops(crops(9, 64))["cascade_error"][:, number])
        bias[-1] += 0.05 - errors[4:6].mean() / 100
        iteration.regress.set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def folder(cascade, tmp_path_factory):
    path = tmp_path_factory.mktemp("cascade") / "stages"
    return path, export_model(cascade, path, early_exit=True)


def test_a_file_per_iteration_with_and_without_early_exit(cascade, folder):
    path, report = folder
    assert sorted(file.name for file in path.iterdir()) == [f"iteration_{i}.onnx" for i in range(3)]
    assert report.bytes == sum(file.stat().st_size for file in path.iterdir())
    runtime, images = open_runtime(path), crops(9, 64)
    assert isinstance(runtime, OnnxCascade)
    whole = cascade.predict_crops(images)
    assert compare(whole, runtime(images)).max_error < 0.01
    wanted = cascade.with_thresholds(5.0, 5.5).predict_crops(images)
    assert set(wanted["iterations"]) == {1, 2, 3}
    stopping = runtime.with_thresholds(5.0, 5.5)
    for batch_size in (64, 4):
        found = stopping.predict_crops(images, batch_size)
        assert compare(wanted, found).max_error < 0.01
        np.testing.assert_array_equal(found["iterations"], wanted["iterations"])
        np.testing.assert_array_equal(found["failed"], wanted["failed"])
    every = stopping.predict_crops(images, early_exit=False)
    np.testing.assert_allclose(every["landmarks"], found["landmarks"], atol=1e-4)
    assert every["cascade_error"].shape == (9, 3) and runtime.success_threshold is None
    copied = pickle.loads(pickle.dumps(stopping))
    assert copied.source == str(path) and (copied.success_threshold, copied.failure_threshold) == (5.0, 5.5)
    np.testing.assert_array_equal(copied.predict_crops(images)["landmarks"], found["landmarks"])
    for options in ({}, {"early_exit": False}):
        some = stopping.predict_crops(images, outputs=("landmarks", "error"), **options)
        assert sorted(some) == ["error", "landmarks"]
        np.testing.assert_allclose(some["landmarks"], found["landmarks"], atol=1e-4)
    with pytest.raises(ValueError, match="Received: success=-1"):
        runtime.with_thresholds(-1)


class CountingSession:
    """An ONNX Runtime session that notes how many faces go on in each pass."""

    def __init__(self, session, rows):
        self.session, self.rows = session, rows

    def run(self, names, feed):
        self.rows.append(len(feed.get("rows", ())))
        return self.session.run(names, feed)


def test_finished_faces_cost_nothing_more(folder):
    runtime, rows = open_runtime(folder[0]).with_thresholds(5.0), []
    runtime.sessions = [CountingSession(session, rows) for session in runtime.sessions]
    found = runtime.predict_crops(crops(9, 64))
    assert rows == [0, *((found["iterations"] > i).sum() for i in (1, 2))]


@pytest.mark.parametrize("kind, most", [("float16", 0.1), ("int8", 1.0)])
def test_smaller_weights(folder, kind, most, tmp_path):
    import onnx

    for file in folder[0].iterdir():
        made = onnx.load(file)
        quantize_weights(made, kind)
        onnx.checker.check_model(made)
        onnx.save(made, tmp_path / file.name)
    images = crops(4, 64)
    parity = compare(open_runtime(folder[0])(images), open_runtime(tmp_path)(images))
    assert 0 < parity.max_error < most
    before, after = (sum(file.stat().st_size for file in path.iterdir()) for path in (folder[0], tmp_path))
    assert after < {"float16": 0.7, "int8": 0.6}[kind] * before


@pytest.mark.parametrize("kind", ["float16", "int8"])
def test_kernels_with_a_normalization_folded_in_are_stored_smaller(kind, tmp_path):
    # tf2onnx folds it and gives the kernel a name of its own, which no longer is that of a variable.
    images = keras.Input((8, 8, 128), name="images")
    network = keras.Model(images, {"landmarks": ConvNorm(128, 3)(images)})
    set_known_weights(network)
    for quantize in ("none", kind):
        write_onnx(network, tmp_path / f"{quantize}.onnx", {}, quantize)
    before, after = ((tmp_path / f"{quantize}.onnx").stat().st_size for quantize in ("none", kind))
    assert after < {"float16": 0.51, "int8": 0.26}[kind] * before


def test_int8_kernels_of_convolutions(tmp_path):
    """Stored with a scale per output channel, and rounded to half of it at most."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.random.default_rng(0).normal(size=(64, 64, 5, 5)).astype("float32")
    kernel[3] *= 100
    name = "conv/ReadVariableOp:0"
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", name], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64, 5, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64, 1, 1])],
        [numpy_helper.from_array(kernel, name)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    quantize_weights(made, "int8")
    session = onnxruntime.InferenceSession(made.SerializeToString())
    for tap in ((0, 0, 0), (5, 2, 4)):
        image = np.zeros((1, 64, 5, 5), "float32")
        image[0][tap] = 1
        step = np.abs(kernel).max((1, 2, 3)) / 127
        off = np.abs(session.run(None, {"x": image})[0][0, :, 0, 0] - kernel[:, *tap])
        assert (off <= step * 0.501).all() and off.max() > 0
    with pytest.raises(ValueError, match="nothing would change"):
        quantize_weights(helper.make_model(helper.make_graph([], "g", [], [])), "int8")


@pytest.mark.parametrize("name, quantize", [("AAN", "int8"), ("MuSiCa", "none")])
def test_litert(name, quantize, small, cascade, tmp_path):
    model = {"AAN": small, "MuSiCa": cascade}[name]
    path = tmp_path / "model.tflite"
    report = export_model(model, path, "litert", quantize)
    assert report.parity.max_error <= report.tolerance and report.format == "litert"
    told = json.loads(zipfile.ZipFile(path).read("kerasalign.json"))
    assert json.loads(told["markup"])["name"] == model.markup.name and told["quantize"] == quantize
    runtime, images = open_runtime(path, threads=1), crops(3, model.crop_spec.size)
    assert isinstance(runtime, LiteRTModel)
    wanted = model.inference_network().predict_crops(images)
    assert compare(wanted, runtime(images)).max_error < (0.01 if quantize == "none" else 1.0)
    pickled = pickle.dumps(runtime)
    path.unlink()
    # As on another machine, and from there to a third one.
    copied = pickle.loads(pickle.dumps(pickle.loads(pickled)))
    assert (copied.source, copied.threads) == (str(path), 1)
    np.testing.assert_array_equal(copied(images)["landmarks"], runtime(images)["landmarks"])
    with pytest.raises(pickle.PicklingError, match="is gone"):
        pickle.dumps(runtime)
    assert len(runtime.predict_crops(images[:0])["landmarks"]) == 0


def test_saved_model(small, tmp_path):
    path = tmp_path / "saved"
    (path / "assets.extra").mkdir(parents=True)
    (path / "assets.extra" / "kerasalign.json").write_text("{}")  # an earlier one
    export_model(small, path, "tf_saved_model")
    runtime, images = open_runtime(path), crops(3, 32)
    assert isinstance(runtime, SavedModel) and (path / "assets.extra" / "kerasalign.json").is_file()
    assert compare(small.inference_network().predict_crops(images), runtime(images)).max_error < 0.01
    copied = pickle.loads(pickle.dumps(runtime))
    np.testing.assert_array_equal(copied(images)["landmarks"], runtime(images)["landmarks"])
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        export_model(small, tmp_path / "photos", "tf_saved_model")
    assert (tmp_path / "photos" / "mine.jpg").read_bytes() == b"precious"
    with pytest.raises(ValueError, match="nothing that"):
        open_runtime(tmp_path / "photos")


def test_a_folder_is_not_kept_either(small, tmp_path):
    with pytest.raises(ParityError):
        export_model(small, tmp_path / "saved", "tf_saved_model", tolerance=-1.0)
    assert not list(tmp_path.iterdir())


def test_what_a_format_cannot_do_is_refused(small, tmp_path):
    with pytest.raises(ValueError, match="is no cascade"):
        export_model(small, tmp_path / "m", early_exit=True)
    with pytest.raises(ValueError, match="no stages of this format"):
        export_model(small, tmp_path / "m", "musica_stages")
    with pytest.raises(ValueError, match="Received: quantize='int8'"):
        export_model(small, tmp_path / "m", "tf_saved_model", "int8")
    with pytest.raises(ValueError, match="early_exit=True"):
        export_model(small, tmp_path / "m", "litert", early_exit=True)
    with pytest.raises(ValueError, match="files for onnxruntime"):
        export_model(MODELS["MuSiCa"].make(), tmp_path / "m", "litert", early_exit=True)
