"""Deformable convolutions as ONNX's own operator."""

import keras
import numpy as np
import pytest

from kerasalign.layers import DeformConv2D
from kerasalign.runtimes import compare, export_model, open_runtime
from kerasalign.runtimes.onnx.reader import open_session
from kerasalign.runtimes.onnx.small_weights import quantize_weights
from kerasalign.runtimes.onnx.writer import write_onnx
from tests.support.arrays import crops
from tests.support.cases import MODELS, set_known_weights

LAYERS = {
    "plain": {},
    "mxnet": {"boundary": "mxnet"},
    "strided": {"strides": 2, "boundary": "mxnet", "use_bias": False},
    "valid": {"padding": "valid", "dilation_rate": (2, 1), "kernel_size": (3, 2)},
    "groups": {"groups": 2, "deformable_groups": 2, "strides": (2, 1), "boundary": "mxnet"},
}


def operators(path):
    import onnx

    made = onnx.load(path)
    return [node.op_type for node in made.graph.node], made.opset_import[0].version


def outputs_of(path, values):
    session = open_session(path)
    return dict(zip((output.name for output in session.get_outputs()), session.run(None, {"crops": values})))


def test_every_setting_of_the_layer(tmp_path):
    import onnx

    images = keras.Input((9, 12, 4), name="crops")
    made = {name: DeformConv2D(6, **options) for name, options in LAYERS.items()}
    network = keras.Model(images, {name: layer(images) for name, layer in made.items()})
    rng = np.random.default_rng(0)
    for layer in made.values():
        # Offsets of some pixels, so that taps leave the picture on every side.
        layer.offset.bias.assign(rng.normal(scale=4, size=layer.offset.bias.shape))
        layer.offset.kernel.assign(rng.normal(scale=0.3, size=layer.offset.kernel.shape))
    write_onnx(network, tmp_path / "layers.onnx", {}, deform_conv="native")
    kinds, opset = operators(tmp_path / "layers.onnx")
    assert kinds.count("DeformConv") == len(LAYERS) and opset == 19 and "Gather" not in kinds
    assert not any("deformed" in vars(layer) for layer in made.values())
    values = rng.normal(size=(3, 9, 12, 4)).astype("float32")
    found = outputs_of(tmp_path / "layers.onnx", values)
    for name, wanted in network(values).items():
        np.testing.assert_allclose(found[name], wanted, atol=1e-4)

    written = onnx.load(tmp_path / "layers.onnx")
    kernels = {node.input[1] for node in written.graph.node if node.op_type == "DeformConv"}
    quantize_weights(written, "int8", smallest=100)
    stored = {tensor.name for tensor in written.graph.initializer if tensor.data_type == onnx.TensorProto.INT8}
    assert {name + "/int8" for name in kernels} <= stored
    onnx.save(written, tmp_path / "small.onnx")
    small = outputs_of(tmp_path / "small.onnx", values)
    for name, value in found.items():
        assert 0 < np.abs(small[name] - value).mean() < 0.05 * np.abs(value).mean()


def test_an_sdu_with_the_native_operator(tmp_path):
    model = MODELS["SDU"].make()
    set_known_weights(model)
    report = export_model(model, tmp_path / "sdu.onnx", deform_conv="native")
    assert report.parity.max_error <= 0.05
    kinds, opset = operators(tmp_path / "sdu.onnx")
    assert "DeformConv" in kinds and opset == 19
    images = crops(3, model.crop_spec.size)
    wanted = model.inference_network().predict_crops(images)
    assert compare(wanted, open_runtime(tmp_path / "sdu.onnx")(images)).max_error < 0.01


def test_what_cannot_be_native_is_refused(small, tmp_path):
    with pytest.raises(ValueError, match="no deformable convolution"):
        export_model(small, tmp_path / "m.onnx", deform_conv="native")
    with pytest.raises(ValueError, match="Received: format='litert'"):
        export_model(small, tmp_path / "m.tflite", "litert", deform_conv="native")
    with pytest.raises(ValueError, match="Received: deform_conv='torch'"):
        export_model(small, tmp_path / "m.onnx", deform_conv="torch")
