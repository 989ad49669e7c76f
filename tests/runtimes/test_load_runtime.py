"""`load(name, runtime=...)`: made once, then opened without Keras."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import kerasalign
from kerasalign.runtimes import LiteRTModel, OnnxModel, compare
from tests.support.arrays import crops
from tests.support.cases import MODELS


def refuse(*arguments, **options):
    raise AssertionError("exported again")


def test_a_runtime_file_is_made_once(small, preset, tmp_path, monkeypatch):
    images = crops(3, 32)
    wanted = small.inference_network().predict_crops(images)
    for runtime, kind in (("onnxruntime", OnnxModel), ("litert", LiteRTModel)):
        first = kerasalign.load(preset, runtime=runtime)
        assert isinstance(first, kind) and compare(wanted, first(images)).max_error < 0.05
        assert compare(wanted, first(images.astype("float32"))).max_error < 0.05
    monkeypatch.setattr("kerasalign.runtimes.export_model", refuse)
    for runtime in ("onnxruntime", "litert"):
        again = kerasalign.load(preset, runtime=runtime)
        assert compare(wanted, again(images)).max_error < 0.05
    files = (tmp_path / "home" / "runtimes").glob("*/model*")
    assert sorted(path.name for path in files) == ["model.onnx", "model.tflite"]
    code = (
        "import kerasalign, sys\n"
        f"kerasalign.load({str(preset)!r}, runtime='onnxruntime')\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    # Another file of the same content is the same, and other weights are not.
    small.save_weights(tmp_path / "same.weights.h5")
    kerasalign.load(preset, weights=tmp_path / "same.weights.h5", runtime="onnxruntime")
    MODELS["AAN"].make().save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(AssertionError, match="exported again"):
        kerasalign.load(preset, weights=tmp_path / "other.weights.h5", runtime="onnxruntime")


@pytest.mark.parametrize("runtime", ["keras", "onnxruntime", "litert"])
def test_threads_share_a_model(preset, runtime):
    """Each gets the landmarks of its own crops, whatever their number."""
    model = kerasalign.load(preset, runtime=runtime)
    batches = [crops(1 + i % 3, 32, seed=i) for i in range(24)]
    wanted = [model.predict_crops(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        for found, alone in zip(pool.map(model.predict_crops, batches), wanted):
            assert compare(alone, found).max_error < 1e-3


def test_smaller_weights_are_another_file(preset, tmp_path, monkeypatch):
    asked = []

    def export(model, path, **how):
        asked.append((path, how))
        refuse()

    monkeypatch.setattr("kerasalign.runtimes.export_model", export)
    for quantize in ("none", "int8"):
        with pytest.raises(AssertionError):
            kerasalign.load(preset, runtime="onnxruntime", quantize=quantize)
    (plain, _), (small, how) = asked
    assert how["quantize"] == "int8" and plain.parent != small.parent


def test_a_cache_that_cannot_be_written(small, preset, tmp_path, monkeypatch, caplog):
    """Not even root makes a folder below a file."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path / "file"))
    made = kerasalign.load(preset, runtime="onnxruntime")
    images = crops(1, 32)
    assert compare(small.inference_network().predict_crops(images), made(images)).max_error < 0.05
    assert "set KERASALIGN_HOME to a folder that can be written" in caplog.text


def test_untrained_weights_are_not_cached(preset, tmp_path):
    runtime = kerasalign.load(preset, weights=None, runtime="onnxruntime")
    assert runtime(crops(1, 32))["landmarks"].shape == (1, 5, 2)
    assert not (tmp_path / "home" / "runtimes").exists()


def test_wrong_arguments(preset):
    with pytest.raises(ValueError, match="Received: runtime='tensorrt'"):
        kerasalign.load(preset, runtime="tensorrt")
    with pytest.raises(ValueError, match="fine-tuned in Keras"):
        kerasalign.load(preset, runtime="litert", markup="19")
    with pytest.raises(ValueError, match="Received: quantize='int8'"):
        kerasalign.load(preset, quantize="int8")
