"""Deformable convolution against ordinary convolutions, hand values and finite differences."""

import keras
import numpy as np
import pytest
from cases import noise
from keras import ops

from kerasalign.layers import DeformConv2D


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


@pytest.mark.parametrize("options", [
    {}, {"strides": 2}, {"padding": "valid", "dilation_rate": 2}, {"kernel_size": (2, 3), "strides": (2, 1)},
    {"groups": 2}, {"boundary": "mxnet", "deformable_groups": 4},
], ids=str)  # fmt: skip
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


def test_half_a_pixel_is_the_mean_of_neighbours():
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
    layer = built(rows.shape, filters=1)
    for tap in range(9):
        kernel = np.zeros((9, 1, 1))
        kernel[tap] = 1.0
        layer.kernel.assign(kernel.reshape(3, 3, 1, 1))
        for channel in range(18):
            bias = np.zeros(18)
            bias[channel] = 0.25
            layer.offset.bias.assign(bias)
            moved = np.asarray(layer(rows))[0, 3, 3, 0] - (2 + tap // 3)
            assert moved == pytest.approx(0.25 if channel == 2 * tap else 0.0, abs=1e-5)


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


@pytest.mark.parametrize(("options", "message"), [
    ({"filters": 0}, "Received: filters=0"), ({"filters": 3, "groups": 2}, "groups=2"),
    ({"filters": 2, "padding": "full"}, "padding='full'"), ({"filters": 2, "boundary": "wrap"}, "boundary='wrap'"),
])  # fmt: skip
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        DeformConv2D(**options)
