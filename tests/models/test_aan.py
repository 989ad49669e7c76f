"""AAN (BMVC 2018): sizes, golden values of a block and of the head, ablations, early predictions."""

import keras
import numpy as np
import pytest

from kerasalign.core.profile import profile
from kerasalign.layers import CosineEmbedding, ResidualBottleneck, SpatialAttention
from kerasalign.models import AAN
from tests.support.arrays import crops, noise
from tests.support.cases import model_target, set_known_weights

pytestmark = pytest.mark.usefixtures("eagerly")

SMALL = {"markup": "5", "stem": 8, "channels": (8, 8, 16, 16), "embedding": 16, "size": 32}
NORM = {"momentum": 0.99, "epsilon": 1e-3}


# Counted from the structure; the paper prints no number.
@pytest.mark.parametrize(
    "points, parameters, macs",
    [
        (68, 8_930_256, 399_411_200),
        (19, 8_905_070, 399_386_112),
        (5, 8_897_874, 399_378_944),
    ],
)
def test_sizes(points, parameters, macs):
    found = profile(AAN(markup=None, num_landmarks=points))
    assert (found.parameters, found.macs) == (parameters, macs)


def test_blocks():
    model = AAN()
    found = profile(model)
    assert {f"{name}{i}": found[f"{name}{i}"].parameters for i in range(1, 5) for name in ("block", "attention")} == {
        "block1": 4_544,
        "attention1": 66,
        "block2": 24_192,
        "attention2": 130,
        "block3": 95_488,
        "attention3": 258,
        "block4": 379_392,
        "attention4": 514,
    }
    assert found["stem"].macs == 28_311_552 and found["embedding"].parameters == 8_388_864
    assert AAN(embedding=None).get_layer("landmarks_out").count_params() == 4_456_584
    early = sum(model.get_layer(f"head{i}").count_params() for i in range(1, 5))
    assert early == 2_089_504


def wave(shape, shift, scale):
    size = int(np.prod(shape))
    return (scale * np.sin(1.3 * (np.arange(size) + 1) + shift)).reshape(shape)


def test_golden_values_of_a_block():
    y, x = np.mgrid[0:8, 0:8]
    images = np.stack([np.sin(0.3 * y + 0.5 * x + c) for c in range(8)], -1)[None].astype("float32")
    block, attention = ResidualBottleneck(16, 4, **NORM), SpatialAttention()
    hidden = block(images)
    attention(hidden)
    for part, shift, scale in (
        (block.reduce, 1, 0.5),
        (block.filter, 2, 0.3),
        (block.expand, 3, 0.5),
        (block.skip, 4, 0.5),
        (attention.respond, 5, 0.5),
    ):
        part.conv.kernel.assign(wave(part.conv.kernel.shape, shift, scale))
    hidden = block(images)
    weighted, found = (np.asarray(value) for value in attention(hidden))
    assert np.asarray(hidden).sum() == pytest.approx(204.720417163, abs=1e-3)
    assert (found.min(), found.max()) == (0.5, pytest.approx(0.798795044, abs=1e-6))
    assert found.mean() == pytest.approx(0.537435568, abs=1e-6)
    assert weighted.sum() == pytest.approx(315.524322926, abs=1e-3)
    pooled = weighted.reshape(4, 2, 4, 2, 16).max((1, 3))
    assert pooled.sum() == pytest.approx(135.585860332, abs=1e-3)

    embedding, head = CosineEmbedding(256, bandwidth=1.0), keras.layers.Dense(10)
    flat = pooled.reshape(1, -1).astype("float32")
    head(embedding(flat))
    embedding.kernel.assign(wave(embedding.kernel.shape, 6, 0.1))
    embedding.bias.assign(np.zeros(256))
    head.kernel.assign(wave(head.kernel.shape, 7, 0.1))
    first = np.asarray(head(embedding(flat)))[0, :3]
    np.testing.assert_allclose(first, [-0.201072084, -0.265617500, 0.058967344], atol=2e-4)


def test_a_wider_bandwidth_makes_faces_more_alike():
    """The embedding's inner products are those of a kernel of that width, per square root of the features' number."""
    images = crops(6, 32)
    alike = []
    for bandwidth in (1.0, 4.0):
        keras.utils.set_random_seed(0)
        model = AAN(**SMALL | {"embedding": 2048}, bandwidth=bandwidth)
        layer = model.get_layer("embedding")
        features, found = keras.Model(model.input, [layer.input, layer.output])(images, training=True)
        features, found = np.asarray(features), np.asarray(found)
        apart = np.square(features[:, None] - features[None]).mean(-1)
        np.testing.assert_allclose(found @ found.T / 1024, np.exp(-apart / (2 * bandwidth**2)), atol=0.1)
        alike.append((found @ found.T)[np.triu_indices(6, 1)].mean() / 1024)
    assert alike[1] > alike[0] + 0.1
    twin = AAN.from_config(AAN(**SMALL, bandwidth=2.0).get_config())
    assert twin.get_layer("embedding").bandwidth == 2 * twin.get_layer("flatten").output.shape[-1] ** 0.5


def test_printed_attention_never_falls_below_a_half_and_the_claimed_one_does():
    features = noise(2, 6, 6, 8)
    for relu, low in ((True, 0.5), (False, 0.0)):
        layer = SpatialAttention(relu=relu)
        weighted, attention = (np.asarray(value) for value in layer(features))
        np.testing.assert_allclose(weighted, (1 + attention) * features, rtol=1e-6)
        assert attention.min() >= low and (attention.min() < 0.5) == (not relu)


def test_without_attention_it_is_the_same_network_with_empty_maps():
    plain, model = AAN(attention=False, **SMALL), AAN(attention_relu=False, **SMALL)
    set_known_weights(plain)
    for layer in plain.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    for i in range(1, 5):
        model.get_layer(f"attention{i}").respond.norm.beta.assign([-100.0])
    images = crops(2, 32)
    np.testing.assert_allclose(model(images)["landmarks"], plain(images)["landmarks"], rtol=1e-5, atol=1e-4)
    assert "intermediate" not in plain.output


def test_stripping_leaves_the_landmarks_as_they_are_to_the_bit():
    model = AAN(**SMALL)
    set_known_weights(model)
    bare, images = model.strip_aux(), crops(3, 32)
    np.testing.assert_array_equal(bare(images)["landmarks"], model(images)["landmarks"])
    assert set(bare.output) == {"landmarks"} and set(model.output) == {"landmarks", "intermediate"}
    assert bare.strip_aux() is bare and model.inference_network().count_params() < model.count_params()


def test_loss_sums_every_prediction_in_crop_units():
    model = AAN(**SMALL)
    target = model_target(model, 2)
    known = np.isfinite(target)
    exact = np.where(known, target, 0).astype("float32")
    # 16 px are one unit; x of every point is off by 4 px, and early predictions by 0, 4, 4 and 8.
    off = np.array([4.0, 0.0], "float32")
    early = np.stack([exact + off * k for k in (0, 1, 1, 2)], 1)
    loss = model.face_loss(target, {"landmarks": exact + off, "intermediate": early})
    points = known.all(-1).sum(1)
    np.testing.assert_allclose(loss, points * (1 + 0 + 1 + 1 + 4) * (4 / 16) ** 2, rtol=1e-5)
    bare = model.strip_aux()
    np.testing.assert_allclose(bare.face_loss(target, {"landmarks": exact + off}), points / 16, rtol=1e-5)


@pytest.mark.parametrize("loss, value", [("l1", 2 / 16), ("smooth_l1", 1.5), ("wing", 10 * np.log(2))])
def test_other_losses(loss, value):
    model = AAN(**SMALL, loss=loss, intermediate=None)
    target = np.zeros((1, 5, 2), "float32")
    target[0, 1:] = np.nan
    found = model.face_loss(target, {"landmarks": np.tile([2.0, 0.0], (1, 5, 1)).astype("float32")})
    assert np.asarray(found)[0] == pytest.approx(value, rel=1e-5)


def test_attention_maps_are_brought_to_the_crop():
    model = AAN(**SMALL)
    images = crops(3, 32)
    maps = model.attention_maps(images, batch_size=2)
    assert maps.shape == (3, 4, 32, 32) and maps.min() >= 0.5 - 1e-6 and maps.max() <= 1
    # The finest map has one value per pixel, the coarsest one per 8.
    assert np.abs(np.diff(maps[:, 0], axis=-1)).max() > np.abs(np.diff(maps[:, 3], axis=-1)).max()
    assert model.attention_maps(images[:0]).shape == (0, 4, 32, 32)
    with pytest.raises(ValueError, match="attention=False"):
        AAN(attention=False, **SMALL).attention_maps(images)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 48},
        {"intermediate": "all"},
        {"loss": "l3"},
        {"channels": (6, 8)},
        {"channels": ()},
        {"bandwidth": 0},
    ],
)
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError, match="Received"):
        AAN(**(SMALL | wrong))
