"""Deformable convolution against ordinary convolutions, hand values and finite differences."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.layers import DeformConv2D
from tests.support.arrays import noise


def built(shape, **options):
    layer = DeformConv2D(**options)
    layer.build(shape)
    return layer


def at(layer, images, offsets):
    """Output at given offsets `(T, 2)` or `(B, H', W', G, T, 2)`, whose bias is 0."""
    shape = (len(images), *layer.compute_output_shape(images.shape)[1:3], layer.deformable_groups, layer.taps, 2)
    offsets = ops.convert_to_tensor(np.broadcast_to(offsets, shape).astype("float32"))
    return np.asarray(layer.deformed(ops.convert_to_tensor(images), offsets))


def one_tap(boundary="zeros"):
    """A 1x1 kernel of one: what comes out is what is read."""
    layer = built((1, 4, 4, 1), filters=1, kernel_size=1, boundary=boundary)
    layer.kernel.assign(np.ones((1, 1, 1, 1)))
    return layer


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strides": 2},
        {"padding": "valid", "dilation_rate": 2},
        {"kernel_size": (2, 3), "strides": (2, 1)},
        {"groups": 2},
        {"boundary": "mxnet", "deformable_groups": 4},
    ],
    ids=str,
)
def test_without_offsets_it_is_an_ordinary_convolution_at_every_pixel(options):
    images = noise(2, 9, 11, 4)
    layer = built(images.shape, filters=6, **options)
    layer.bias.assign(noise(6, seed=1))
    known = {key: options[key] for key in ("strides", "padding", "dilation_rate", "groups") if key in options}
    conv = keras.layers.Conv2D(6, options.get("kernel_size", 3), **({"padding": "same"} | known))
    conv.build(images.shape)
    conv.set_weights([np.asarray(layer.kernel), np.asarray(layer.bias)])
    np.testing.assert_allclose(np.asarray(layer(images)), np.asarray(conv(images)), atol=1e-5)


@pytest.mark.parametrize("boundary", ["zeros", "mxnet"])
def test_whole_offsets_read_the_shifted_picture(boundary):
    images = noise(2, 6, 7, 3)
    layer = built(images.shape, filters=4, boundary=boundary)
    shifted = np.zeros_like(images)
    shifted[:, 1:, :-2] = images[:, :-1, 2:]
    inner = np.s_[:, 2:-2, 3:-3]
    found, wanted = at(layer, images, (-1, 2)), at(layer, shifted, (0, 0))
    np.testing.assert_allclose(found[inner], wanted[inner], atol=1e-5)


def test_half_a_pixel_is_the_mean_of_neighbors():
    images = noise(1, 4, 4, 1)
    down, right = at(one_tap(), images, (0.5, 0)), at(one_tap(), images, (0, 0.5))
    np.testing.assert_allclose(down[0, :3, :, 0], (images[0, :3, :, 0] + images[0, 1:, :, 0]) / 2, atol=1e-6)
    np.testing.assert_allclose(right[0, :, :3, 0], (images[0, :, :3, 0] + images[0, :, 1:, 0]) / 2, atol=1e-6)


@pytest.mark.parametrize(("boundary", "below", "above"), [("zeros", 7.0, 1.0), ("mxnet", 14.0, 0.0)])
def test_values_beyond_the_border_by_hand(boundary, below, above):
    images = np.zeros((1, 4, 4, 1), "float32")
    images[0, 0], images[0, 3] = 2.0, 14.0
    assert at(one_tap(boundary), images, (0.5, 0))[0, 3, 1, 0] == pytest.approx(below)
    assert at(one_tap(boundary), images, (-0.5, 0))[0, 0, 1, 0] == pytest.approx(above)
    assert at(one_tap(boundary), images, (9.0, 0)).max() == 0


def test_channel_2k_of_the_offsets_moves_tap_k_down_and_the_next_moves_it_right():
    rows = np.broadcast_to(np.arange(7.0)[None, :, None, None], (1, 7, 7, 1)).astype("float32")
    layer = built(rows.shape, filters=9)
    layer.kernel.assign(np.eye(9).reshape(3, 3, 1, 9))  # filter k is tap k
    for channel in range(18):
        layer.offset.bias.assign(0.25 * np.eye(18)[channel])
        moved = np.asarray(layer(rows))[0, 3, 3] - (2 + np.arange(9) // 3)
        wanted = 0.25 * (2 * np.arange(9) == channel)
        np.testing.assert_allclose(moved, wanted, atol=1e-5, err_msg=str(channel))


def test_gradients_are_those_of_finite_differences():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients by tape")
    layer = built((1, 4, 5, 2), filters=3)
    images = tf.constant(noise(1, 4, 5, 2))
    offsets = tf.constant(noise(1, 4, 5, 1, 9, 2, seed=1, low=0.1, high=0.4))
    weigh = noise(1, 4, 5, 3, seed=2)
    arguments = [images, offsets]
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        total = tf.reduce_sum(layer.deformed(*arguments) * weigh)
    for place, gradient in enumerate(tape.gradient(total, arguments)):
        way = noise(*arguments[place].shape, seed=3)
        sums = []
        for step in (0.01, -0.01):
            moved = [x + step * way if i == place else x for i, x in enumerate(arguments)]
            sums.append(float(tf.reduce_sum(layer.deformed(*moved) * weigh)))
        assert gradient is not None
        assert float(tf.reduce_sum(gradient * way)) == pytest.approx((sums[0] - sums[1]) / 0.02, rel=2e-2, abs=2e-2)


def onnx_session(model):
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dilation_rate": 2, "groups": 2, "deformable_groups": 2, "padding": "valid"},
    ],
    ids=str,
)
def test_it_computes_what_onnx_calls_deform_conv(options):
    helper = pytest.importorskip("onnx.helper")
    images = noise(2, 9, 11, 4)
    layer = built(images.shape, filters=6, **options)
    shape = layer.compute_output_shape(images.shape)
    # Up to three pixels: far beyond the border too.
    offsets = noise(*shape[:3], layer.deformable_groups, layer.taps, 2, seed=1, low=-3, high=3)
    node = helper.make_node(
        "DeformConv",
        ["x", "w", "o"],
        ["y"],
        kernel_shape=[3, 3],
        pads=[0 if options else 1] * 4,
        dilations=layer.dilation_rate,
        group=layer.groups,
        offset_group=layer.deformable_groups,
    )
    feeds = {
        "x": images.transpose(0, 3, 1, 2),
        "w": np.asarray(layer.kernel).transpose(3, 2, 0, 1),
        "o": offsets.reshape(*shape[:3], -1).transpose(0, 3, 1, 2),
    }
    tensors = [helper.make_tensor_value_info(name, 1, value.shape) for name, value in feeds.items()]
    graph = helper.make_graph([node], "one", tensors, [helper.make_tensor_value_info("y", 1, None)])
    session = onnx_session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9))
    (wanted,) = session.run(None, {name: np.ascontiguousarray(value) for name, value in feeds.items()})
    np.testing.assert_allclose(at(layer, images, offsets), wanted.transpose(0, 2, 3, 1), atol=1e-4)


def test_it_is_exported_as_gathers():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exports from TensorFlow")
    convert = pytest.importorskip("tf2onnx").convert
    images = noise(3, 5, 6, 4)
    layer = built(images.shape, filters=6, strides=2, groups=2, deformable_groups=2, boundary="mxnet")
    layer.offset.kernel.assign(noise(*layer.offset.kernel.shape, seed=1))
    signature = [tf.TensorSpec((None, 5, 6, 4), "float32", name="images")]
    model, _ = convert.from_function(tf.function(lambda images: layer(images)), signature, opset=17)
    assert not any(node.op_type == "DeformConv" for node in model.graph.node)
    (found,) = onnx_session(model).run(None, {"images": images})
    np.testing.assert_allclose(found, np.asarray(layer(images)), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "Received: filters=0"),
        ({"filters": 3, "groups": 2}, "groups=2"),
        ({"filters": 2, "padding": "full"}, "padding='full'"),
        ({"filters": 2, "boundary": "wrap"}, "boundary='wrap'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        DeformConv2D(**options)
