"""SDU's blocks by their algebra, and the bias of each decoder."""

import numpy as np
import pytest
from keras import ops

from kerasalign.layers import (
    ChannelAggregationBlock,
    DecodeHeatmaps,
    InceptionResidualBlock,
    ParallelMultiscaleBlock,
    PreactivationBottleneck,
)
from kerasalign.losses.landmark_heatmaps import landmark_heatmaps
from tests.support.arrays import noise
from tests.support.cases import set_contrasting_weights


def built(layer, shape):
    layer.build(shape)
    set_contrasting_weights(layer)
    return layer


def silence(layer, *kinds):
    for weight in layer.weights:
        if weight.name.endswith(kinds):
            weight.assign(np.zeros(weight.shape))


def test_channel_aggregation_is_the_recursion_over_levels_and_columns():
    images = noise(2, 5, 6, 16)
    layer = built(ChannelAggregationBlock(), images.shape)
    halved = dict(enumerate(layer.reduce, 1))
    filtered = dict(enumerate(layer.filter, 1))

    def node(s, t):
        if t == 0:
            return images if s == 0 else np.asarray(halved[s](node(s - 1, 0)))
        beside, below = node(s, t - 1), node(s + 1, t - 1)
        if s > 0 and (4 - t) % 2:
            beside = np.asarray(filtered[s](beside))
        return (beside + np.tile(below, 2)) / 2

    np.testing.assert_allclose(np.asarray(layer(images)), node(0, 3), atol=1e-6)


def test_without_its_convolutions_channel_aggregation_passes_on_an_eighth():
    images = noise(1, 5, 6, 16)
    layer = built(ChannelAggregationBlock(), images.shape)
    silence(layer, "kernel", "beta", "moving_mean")
    np.testing.assert_allclose(np.asarray(layer(images)), images / 8, atol=1e-6)


@pytest.mark.parametrize("block", [ChannelAggregationBlock, InceptionResidualBlock])
def test_blocks_that_halve_channels_three_times_need_multiples_of_eight(block):
    with pytest.raises(ValueError, match=r"Received: input_shape=\(1, 5, 6, 12\)"):
        block()(noise(1, 5, 6, 12))


@pytest.mark.parametrize("block", [PreactivationBottleneck, ParallelMultiscaleBlock])
def test_without_their_convolutions_residual_blocks_change_nothing(block):
    images = noise(1, 5, 6, 8)
    layer = built(block(8), images.shape)
    assert np.abs(np.asarray(layer(images)) - images).max() > 0.1
    silence(layer, "kernel")
    np.testing.assert_array_equal(np.asarray(layer(images)), images)


def test_without_its_branches_an_inception_block_is_a_relu():
    images = noise(1, 5, 6, 8)
    layer = built(InceptionResidualBlock(), images.shape)
    silence(layer.join, "gamma", "beta")
    np.testing.assert_array_equal(np.asarray(layer(images)), np.maximum(images, 0))


# Largest error, in pixels of a map, over points everywhere between its pixels.
@pytest.mark.parametrize(("decode", "largest"), [("quarter", 0.25), ("soft", 0.02), ("insightface", 0.5)])
def test_places_survive_their_maps_without_bias(decode, largest):
    # None of the sixteenths lies on the border of a pixel or of a quarter, where either is right.
    steps = (np.arange(16) + 0.5) / 16
    places = 7 + np.stack(np.meshgrid(steps, steps), -1).reshape(1, -1, 2)
    maps, known = landmark_heatmaps(ops.convert_to_tensor(((places + 0.5) * 2 - 0.5).astype("float32")), 16)
    assert np.asarray(known).all()
    landmarks, confidence = DecodeHeatmaps(2, decode, "linear")(maps)
    error = (np.asarray(landmarks) + 0.5) / 2 - 0.5 - places
    assert np.abs(error).max() <= largest
    np.testing.assert_allclose(error.mean((0, 1)), 0, atol=0.01)
    assert np.asarray(confidence).min() > 0.7 and np.asarray(confidence).max() <= 1


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [
        ("sigmoid", 1 / (1 + np.exp(-3))),
        ("softmax", np.exp(3) / (np.exp(3) + 63)),
        ("linear", 1.0),
    ],
)
def test_confidence_is_the_probability_at_the_peak(activation, wanted):
    maps = np.zeros((1, 8, 8, 1), "float32")
    maps[0, 2, 5] = 3
    landmarks, confidence = DecodeHeatmaps(2, "quarter", activation)(maps)
    assert float(confidence[0, 0]) == pytest.approx(wanted, rel=1e-5)
    np.testing.assert_array_equal(landmarks, [[[10.5, 4.5]]])
    # The released code's place of a lone peak is half a crop pixel off.
    np.testing.assert_array_equal(DecodeHeatmaps(2, "insightface", activation)(maps)[0], [[[10, 4]]])
