"""Every paper's network as a file of another runtime; a small one of each, converted once."""

import json
from dataclasses import replace

import numpy as np
import pytest

import kerasalign
from kerasalign.geometry import CropSpec
from kerasalign.models import get_paper, list_papers
from kerasalign.runtimes import (
    OnnxModel,
    ParityError,
    compare,
    export_model,
    get_format,
    list_formats,
    open_runtime,
    portrait_crops,
    register_format,
    unregister_format,
)
from tests.support.arrays import crops
from tests.support.cases import KINDS, MODELS, set_known_weights

pytestmark = pytest.mark.usefixtures("eagerly")

# The first case of each paper.
PAPERS = [KINDS[next(iter(get_paper(name).models))] for name in list_papers()]


@pytest.fixture(scope="module", params=PAPERS)
def exported(request, tmp_path_factory):
    model = MODELS[request.param].make()
    set_known_weights(model)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    return model, path, export_model(model, path)


def test_onnx_gives_the_results_of_keras_for_any_batch(exported):
    model, path, report = exported
    assert report.path == path and report.bytes == path.stat().st_size
    assert report.parity.crops == 16 and report.parity.max_error <= 0.05 and report.milliseconds > 0
    runtime = open_runtime(path)
    assert isinstance(runtime, OnnxModel) and runtime.outputs[0] == "landmarks"
    network = model.inference_network()
    assert set(runtime.outputs) == set(network.output)
    images = crops(3, model.crop_spec.size)
    wanted = network.predict_crops(images)
    for found in (runtime(images), runtime.predict_crops(images, batch_size=2)):
        assert compare(wanted, found).max_error < 0.01
    some = runtime.predict_crops(images, outputs=("landmarks", "no such output"))
    assert list(some) == ["landmarks"]
    np.testing.assert_allclose(some["landmarks"], found["landmarks"], atol=0.01)
    empty = runtime.predict_crops(images[:0])
    assert {key: value.shape for key, value in empty.items()} == {k: (0, *v.shape[1:]) for k, v in wanted.items()}


def test_a_file_says_what_it_is(exported):
    import onnx

    model, path, _ = exported
    made = onnx.load(path)
    told = {entry.key: entry.value for entry in made.metadata_props}
    assert json.loads(told["markup"])["name"] == model.markup.name
    assert CropSpec.from_config(json.loads(told["crop"])) == model.crop_spec
    assert told["kerasalign"] == kerasalign.__version__ and told["commercial_use"] == "unknown"
    assert len(told["weights_sha256"]) == 64 and told["quantize"] == "none"
    assert [value.name for value in made.graph.input] == ["crops"]
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    runtime = open_runtime(path)
    assert runtime.markup is model.markup and runtime.crop_spec == model.crop_spec


def test_a_runtime_aligns_photos_and_refuses_wrong_crops(exported):
    model, path, _ = exported
    runtime = open_runtime(path, threads=1)
    photo = np.random.default_rng(0).integers(0, 256, (90, 100, 3)).astype("uint8")
    boxes = np.array([[20.0, 10, 70, 60], [30, 20, 90, 80]])
    wanted, found = (one.align(photo, boxes=boxes) for one in (model.inference_network(), runtime))
    np.testing.assert_allclose(found.landmarks, wanted.landmarks, atol=0.05)
    size = model.crop_spec.size
    with pytest.raises(ValueError, match="Received: shape"):
        runtime.predict_crops(np.zeros((1, 9, 9, 3), "uint8"))
    with pytest.raises(ValueError, match="input_dtype='float32'"):
        runtime.predict_crops(np.zeros((1, size, size, 3), "float32"))


def test_float_crops(small, tmp_path):
    export_model(small, tmp_path / "m.onnx", input_dtype="float32")
    runtime, images = open_runtime(tmp_path / "m.onnx"), crops(2, small.crop_spec.size)
    between = images * np.float32(0.999)
    wanted = small.inference_network().predict_crops(between)
    assert compare(wanted, runtime(between)).max_error < 0.01
    np.testing.assert_array_equal(runtime(images)["landmarks"], runtime(images.astype("float32"))["landmarks"])


@pytest.fixture
def register():
    """Registers a format for one test."""
    names = []
    yield lambda format: names.append(register_format(format).name)
    for name in names:
        unregister_format(name)


def test_broken_parity_raises_and_leaves_no_file(small, tmp_path, register):
    kind, path = get_format("onnx"), tmp_path / "m.onnx"
    path.write_bytes(b"an earlier file")

    def spoil(network, draft, metadata, quantize):
        import onnx

        kind.write(network, draft, metadata, quantize)
        made = onnx.load(draft)
        for weight in made.graph.initializer:
            array = onnx.numpy_helper.to_array(weight)
            if array.dtype == "float32" and array.size > 4:
                weight.CopyFrom(onnx.numpy_helper.from_array(array * np.float32(1.02), weight.name))
        onnx.save(made, str(draft))

    def write_junk(network, draft, metadata, quantize):
        draft.write_bytes(b"broken")

    register(replace(kind, name="spoiled", write=spoil))
    register(replace(kind, name="junk", write=write_junk))
    with pytest.raises(ParityError, match="px from those of Keras"):
        export_model(small, path, "spoiled")
    with pytest.raises(ParityError, match="cannot be used"):
        export_model(small, path, "junk")
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.onnx"] and path.read_bytes() == b"an earlier file"


def test_formats_are_registered_by_name(register):
    onnx = get_format("onnx")
    assert {"onnx", "litert", "tf_saved_model"} < set(list_formats())
    with pytest.raises(ValueError, match="registered already"):
        register_format(onnx)
    assert register_format(onnx, exist_ok=True) is get_format("onnx")
    register(replace(onnx, name="mine", suffix=".mine"))
    assert get_format("mine").suffix == ".mine" and "mine" in list_formats()
    with pytest.raises(ValueError, match="`suffix`"):
        replace(onnx, marker="model.json")


def test_mixed_precision_is_exported_as_float32(tmp_path):
    model = MODELS["AAN"].make(dtype="mixed_bfloat16")
    set_known_weights(model)
    report = export_model(model, tmp_path / "m.onnx")
    assert report.parity.max_error < 0.001


def test_wrong_arguments_are_refused_before_work(small, tmp_path):
    for options, message in (
        ({"format": "mlir"}, "Received: format='mlir'"),
        ({"quantize": "int3"}, "Received: quantize='int3'"),
        ({"input_dtype": "int8"}, "Received: input_dtype='int8'"),
    ):
        with pytest.raises(ValueError, match=message):
            export_model(small, tmp_path / "m.onnx", **options)
    with pytest.raises(ValueError, match=r"ends in '\.onnx'"):
        export_model(small, tmp_path / "m.bin")
    with pytest.raises(FileNotFoundError):
        open_runtime(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ValueError, match="cannot open"):
        open_runtime(tmp_path / "text.onnx")


def test_compare_measures_pixels_and_takes_nan_for_infinite():
    wanted = {"landmarks": np.zeros((2, 3, 2)), "error": np.array([1.0, 4.0])}
    found = {"landmarks": wanted["landmarks"] + np.array([3.0, 4.0]), "error": np.array([1.0, 5.0])}
    parity = compare(wanted, found)
    assert (parity.max_error, parity.mean_error, parity.outputs) == (5.0, 5.0, {"error": 0.25})
    found["landmarks"][0, 0] = np.nan
    assert compare(wanted, found).max_error == np.inf
    with pytest.raises(ValueError, match="should give"):
        compare(wanted, {"landmarks": wanted["landmarks"]})


def test_portrait_crops_differ_and_show_the_photo():
    images = portrait_crops(CropSpec(size=64, scale=1.6), 5)
    assert images.shape == (5, 64, 64, 3) and images.dtype == "uint8"
    np.testing.assert_array_equal(images, portrait_crops(CropSpec(size=64, scale=1.6), 5))
    assert all(np.abs(images[0].astype(int) - image).mean() > 3 for image in images[1:])
    assert (images.reshape(5, -1) > 0).mean(1).min() > 0.8


def test_the_library_itself_exports():
    import inspect

    assert callable(kerasalign.export)
    assert list(inspect.signature(kerasalign.export).parameters)[:4] == ["model", "path", "format", "quantize"]
