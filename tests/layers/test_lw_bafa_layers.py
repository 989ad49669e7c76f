"""What each of LW-BAFA's layers computes."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.layers import (
    BlurPool,
    ConvNorm,
    DeLighTEncoder,
    DExTra,
    FusedBatchNormalization,
    GroupedLinear,
    Hourglass,
    PyramidPooling,
    ResidualBottleneck,
    SAFeature,
    SDFusion,
    ShuffleUnit,
    TransformerBlock,
)
from kerasalign.layers.dextra import dextra_sizes, dextra_unit
from kerasalign.layers.hourglass import double
from kerasalign.layers.pyramid_pooling import bilinear_matrix, pooling_matrix
from tests.support.arrays import noise
from tests.support.cases import set_known_weights


def built(layer, *shapes):
    layer.build(*shapes)
    return layer


def run(layer, *inputs, **options):
    return np.asarray(ops.convert_to_numpy(layer(*inputs, **options)))


@pytest.mark.parametrize("axes", [(3, 5, 6, 4), (7, 4)])
def test_fused_normalization_is_keras_own_in_training_and_inference(axes):
    inputs = noise(*axes, low=-2, high=5)
    fused = FusedBatchNormalization()
    plain = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for layer in (fused, plain):
        layer.build(axes)
        set_known_weights(layer)
    for training in (True, True, False):
        np.testing.assert_allclose(
            run(fused, inputs, training=training), run(plain, inputs, training=training), rtol=1e-4, atol=1e-5
        )
        for a, b in zip(fused.get_weights(), plain.get_weights()):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_frozen_normalization_keeps_its_statistics():
    layer = built(FusedBatchNormalization(trainable=False), (2, 4, 4, 3))
    before = layer.get_weights()
    run(layer, noise(2, 4, 4, 3), training=True)
    for a, b in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_grouped_linear_is_a_block_diagonal_matrix_then_a_shuffle():
    layer = built(GroupedLinear(12, 4, shuffle=False), (2, 3, 8))
    set_known_weights(layer)
    kernel, bias = layer.get_weights()
    dense = np.zeros((8, 12), "float32")
    for g in range(4):
        dense[2 * g : 2 * g + 2, 3 * g : 3 * g + 3] = kernel[g]
    tokens = noise(2, 3, 8)
    wanted = tokens @ dense + bias.ravel()
    np.testing.assert_allclose(run(layer, tokens), wanted, atol=1e-6)
    shuffled = built(GroupedLinear(12, 4), (2, 3, 8))
    shuffled.set_weights([kernel, bias])
    order = np.arange(12).reshape(4, 3).T.ravel()
    assert sorted(order) == list(range(12))
    np.testing.assert_allclose(run(shuffled, tokens), wanted[..., order], atol=1e-6)


def test_one_group_is_a_dense_layer_and_groups_do_not_see_each_other():
    tokens = noise(2, 3, 8)
    one = built(GroupedLinear(5, 1), (2, 3, 8))
    set_known_weights(one)
    kernel, bias = one.get_weights()
    np.testing.assert_allclose(run(one, tokens), tokens @ kernel[0] + bias[0], atol=1e-6)
    four = built(GroupedLinear(8, 4, shuffle=False), (2, 3, 8))
    changed = tokens.copy()
    changed[..., 4:6] += 1
    moved = np.abs(run(four, changed) - run(four, tokens)).max((0, 1)) > 1e-6
    assert moved.tolist() == [False] * 4 + [True] * 2 + [False] * 2


def test_dextra_sizes_are_those_of_the_published_blocks():
    assert dextra_sizes(128, 512, 4, 8) == ([128, 256, 640, 640], [128, 512, 512, 128], [2, 4, 4, 2])
    assert dextra_sizes(128, 768, 8, 8) == (
        [128, 256, 472, 688, 896, 896, 688, 472],
        [128, 344, 560, 768, 768, 560, 344, 128],
        [2, 4, 8, 8, 8, 8, 4, 2],
    )
    inputs, outputs, groups = dextra_sizes(128, 512, 5, 8)
    assert groups == [2, 4, 8, 4, 2] and outputs[-1] == 128 and outputs[2] == 512
    assert inputs[1:] == [width + 128 for width in outputs[:-1]]


@pytest.mark.parametrize("features", [4, 16, 25, 100, 144, 400])
@pytest.mark.parametrize("depth", [2, 4, 8])
def test_what_fits_into_groups_is_known_before_the_layer_is_built(features, depth):
    layer = DExTra(depth)
    if features % dextra_unit(features, depth) == 0:
        assert built(layer, (None, 3, features)).compute_output_shape((None, 3, features)) == (None, 3, features // 2)
    else:
        with pytest.raises(ValueError, match="Received"):
            layer.build((None, 3, features))


def test_parameters_of_the_light_parts():
    encoder = built(DeLighTEncoder(), (None, 98, 256))
    assert [block.count_params() for block in encoder.stack] == [348_864, 555_248]
    transforms = [block.transform for block in encoder.stack]
    assert [transform.count_params() for transform in transforms] == [232_192, 438_576]
    for transform in transforms:
        for mixer, norm in zip(transform.mixers, transform.norms):
            groups, given, made = mixer.kernel.shape
            wanted = given * groups * made * groups // groups + made * groups + 2 * made
            assert mixer.count_params() + norm.count_params() == wanted
    unit = built(ShuffleUnit(), (None, 32, 32, 160))
    assert sum(np.prod(w.shape) for w in unit.trainable_weights) == 14_000
    assert sum(np.prod(w.shape) for w in built(SAFeature(), (None, 16, 16, 256)).trainable_weights) == 1_117_824


def test_the_encoder_does_not_know_the_order_of_tokens():
    encoder = built(DeLighTEncoder(2, 2, 3), (None, 6, 16))
    tokens, order = noise(2, 6, 16), np.random.default_rng(0).permutation(6)
    np.testing.assert_allclose(run(encoder, tokens[:, order]), run(encoder, tokens)[:, order], atol=1e-5)


def test_a_decoder_block_sees_the_memory_and_an_encoder_block_has_none():
    tokens, memory = noise(1, 4, 8), noise(1, 5, 6, seed=1)
    decoder = built(TransformerBlock(2, 16), tokens.shape, memory.shape)
    assert np.abs(run(decoder, tokens, memory) - run(decoder, tokens, memory + 1)).max() > 1e-4
    order = np.random.default_rng(0).permutation(5)
    np.testing.assert_allclose(run(decoder, tokens, memory[:, order]), run(decoder, tokens, memory), atol=1e-5)
    encoder = built(TransformerBlock(2, 16), tokens.shape)
    assert encoder.count_params() < decoder.count_params() and run(encoder, tokens).shape == tokens.shape


def test_shuffle_unit_passes_every_second_channel_unchanged_and_in_front():
    images = noise(2, 5, 6, 8)
    unit = ShuffleUnit()
    out = run(unit, images)
    np.testing.assert_array_equal(out[..., :4], images[..., ::2])
    # Two halves interleaved 0, C/2, 1, ...: the shuffle of the unit before.
    halves = np.concatenate([images[..., ::2], images[..., 1::2]], -1)
    np.testing.assert_array_equal(np.stack([halves[..., :4], halves[..., 4:]], -1).reshape(images.shape), images)
    changed = images.copy()
    changed[..., ::2] += 1
    np.testing.assert_array_equal(run(unit, changed)[..., 4:], out[..., 4:])


def test_double_repeats_every_pixel():
    images = noise(2, 3, 4, 5)
    np.testing.assert_array_equal(run(double, images), images.repeat(2, 1).repeat(2, 2))


def test_hourglass_sees_everything_and_shuffles_where_it_is_told():
    images = noise(1, 16, 16, 8)
    changed = images.copy()
    changed[0, 0, 0] += 5
    glass = Hourglass(4, depth=3)
    assert np.abs(run(glass, changed) - run(glass, images))[0, -1, -1].max() > 0
    kinds = {}
    for shuffle in ("none", "decoder", "all"):
        layer = built(Hourglass(4, depth=2, shuffle=shuffle), (None, 8, 8, 8))
        kinds[shuffle] = [type(unit[0]).__name__ for unit in (layer.skips, layer.encoders, layer.decoders)]
    residual, light = ResidualBottleneck.__name__, ShuffleUnit.__name__
    assert kinds == {"none": [residual] * 3, "decoder": [residual, residual, light], "all": [light] * 3}


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_blur_pool_is_a_reflected_binomial_filter(size):
    images = noise(1, 9, 8, 2)
    taps = np.poly1d([1.0, 1.0]) ** (size - 1)
    taps = np.asarray(taps.coeffs) / 2 ** (size - 1)
    left, right = (size - 1) // 2, size // 2
    padded = np.pad(images, ((0, 0), (left, right), (left, right), (0, 0)), mode="reflect")
    rows = sum(tap * padded[:, i : i + 9] for i, tap in enumerate(taps))
    wanted = sum(tap * rows[:, :, i : i + 8] for i, tap in enumerate(taps))[:, ::2, ::2]
    layer = BlurPool(size)
    np.testing.assert_allclose(run(layer, images), wanted, atol=1e-6)
    assert not layer.weights


def test_blur_pool_keeps_constants_and_follows_shifts():
    layer = BlurPool()
    np.testing.assert_allclose(run(layer, np.full((1, 64, 64, 1), 3, "float32")), np.full((1, 32, 32, 1), 3), atol=1e-6)
    images = noise(1, 32, 32, 1)
    moved = np.roll(images, 2, 1)
    np.testing.assert_allclose(run(layer, moved)[0, 3:-3], run(layer, images)[0, 2:-4], atol=1e-6)


def test_pyramid_grids_are_adaptive_and_enlarged_bilinearly():
    values = noise(64)
    for bins in (1, 2, 3, 6):
        parts = [values[int(np.floor(i * 64 / bins)) : int(np.ceil((i + 1) * 64 / bins))] for i in range(bins)]
        np.testing.assert_allclose(pooling_matrix(64, bins) @ values, [part.mean() for part in parts], atol=1e-6)
        np.testing.assert_allclose(bilinear_matrix(64, bins).sum(1), 1)
        grid = noise(bins, seed=bins)
        wanted = np.asarray(ops.image.resize(np.tile(grid[:, None, None], (1, 2, 1)), (64, 2)))[:, 0, 0]
        np.testing.assert_allclose(bilinear_matrix(64, bins) @ grid, wanted, atol=1e-5)
    assert len({len(np.flatnonzero(row)) for row in pooling_matrix(64, 6)}) == 2
    out = run(PyramidPooling((1, 3)), np.full((1, 8, 8, 4), 2, "float32"))
    np.testing.assert_allclose(out, np.broadcast_to(out[:, :1, :1], out.shape), atol=1e-5)


def test_outer_products_have_rank_one():
    layer = built(SAFeature(), (None, 6, 5, 8))
    for product in layer.outer_products(noise(1, 6, 5, 8)):
        for channel in np.moveaxis(ops.convert_to_numpy(product)[0], -1, 0):
            assert np.linalg.matrix_rank(channel, tol=1e-4) <= 1


def test_fusion_without_attention_adds_the_context():
    shallow, deep = noise(1, 6, 6, 8), noise(1, 6, 6, 8, seed=1)
    plain, weighed = (built(SDFusion(3, 4, attention=flag), (None, 6, 6, 8), (None, 6, 6, 8)) for flag in (False, True))
    weights = [weight.numpy() for weight in weighed.weights if "attend" not in weight.path]
    plain.set_weights(weights)
    weighed.attend.bias.assign(np.full(8, -1e4))
    for a, b in zip(plain(shallow, deep), weighed(shallow, deep)):
        np.testing.assert_allclose(a, b, atol=1e-6)
    out, _ = plain(shallow, deep)
    context, _ = plain(np.zeros_like(shallow), deep)
    np.testing.assert_allclose(out, shallow + context, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: BlurPool(0),
        lambda: ConvNorm(0),
        lambda: DExTra(1),
        lambda: DExTra(4, 0.0),
        lambda: DeLighTEncoder(0),
        lambda: DeLighTEncoder(2, 8, 4),
        lambda: GroupedLinear(7, 2),
        lambda: Hourglass(4, shuffle="both"),
        lambda: PyramidPooling(()),
        lambda: SDFusion(0, 4),
        lambda: SAFeature(0),
        lambda: ResidualBottleneck(4, 0),
        lambda: TransformerBlock(dropout=1.0),
        lambda: ShuffleUnit().build((None, 4, 4, 6)),
        lambda: GroupedLinear(8, 4).build((None, 3, 6)),
        lambda: Hourglass(4).build((None, 8, 8, 8)),
        lambda: PyramidPooling().build((None, 8, 8, 6)),
        lambda: TransformerBlock(3).build((None, 4, 8)),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ValueError, match="Received"):
        make()
