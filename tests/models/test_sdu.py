"""SDU's topologies node by node, its outside transformer on toys, and that a small network learns."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.layers import DeformConv2D
from kerasalign.losses.landmark_heatmaps import landmark_heatmaps
from kerasalign.markups import get_markup
from kerasalign.models import SDU
from kerasalign.models.sdu import SDUConfig, topologies
from kerasalign.models.sdu.coherence import Transforms, pose_of
from kerasalign.models.sdu.offsets import predict_offsets
from tests.support.arrays import crops, noise
from tests.support.cases import set_known_weights

FLIP = get_markup("5").flip


@pytest.fixture
def bare(monkeypatch):
    """Topologies without their layers, which are counted instead: only how nodes are joined is left."""
    counts = dict.fromkeys(("block", "up", "lateral", "filter", "down"), 0)

    def counted(name, change=lambda x: x):
        def make(*_, **__):
            def call(x):
                counts[name] += 1
                return change(x)

            return call

        return make

    def down(x, *_):
        counts["down"] += 1
        return half(x)

    monkeypatch.setattr(topologies, "block", lambda x, *_, **__: counted("block")()(x))
    monkeypatch.setattr(topologies, "UpConvNorm", counted("up", double))
    monkeypatch.setattr(topologies, "ConvNorm", counted("lateral"))
    monkeypatch.setattr(topologies, "DepthwiseNorm", counted("filter"))
    monkeypatch.setattr(topologies, "_down", down)
    return counts


def half(x):
    x = np.asarray(x)
    return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))


def double(x):
    return np.asarray(x).repeat(2, 1).repeat(2, 2)


@pytest.mark.parametrize(
    ("kind", "depth", "layers"),
    [
        ("dla", 4, (12, 6, 10, 0, 0)),
        ("sat1", 4, (12, 6, 10, 0, 6)),
        ("sat2", 3, (9, 3, 6, 0, 3)),
        ("sat3", 3, (9, 3, 0, 2, 0)),
    ],
)
def test_every_node_has_its_size_and_is_a_mean(bare, kind, depth, layers):
    ones = ops.ones((1, 16, 16, 2))
    nodes = topologies.aggregation(ones, SDUConfig(topology=kind, down=depth), "stack0")
    assert set(nodes) == {(s, t) for t in range(depth + 1) for s in range(depth + 1 - t)}
    for (s, _), node in nodes.items():
        np.testing.assert_allclose(np.asarray(node), np.ones((1, 16 >> s, 16 >> s, 2)), rtol=1e-6)
    assert tuple(bare.values()) == layers


@pytest.mark.parametrize("gate", [False, True])
def test_the_dense_unet_is_joined_as_in_the_figure(bare, gate):
    e0 = noise(1, 16, 16, 2)
    e1, e2, e3 = half(e0), half(half(e0)), half(half(half(e0)))
    a0, a1, a2 = (e0 + double(e1)) / 2, (e1 + double(e2)) / 2, (e2 + double(e3)) / 2
    if gate:
        a1 = a1 * a0.mean((1, 2), keepdims=True)
    b0, b1 = (a0 + double(a1)) / 2, (a1 + double(a2)) / 2
    found = topologies.topology(ops.convert_to_tensor(e0), SDUConfig(gate=gate), "stack0")
    np.testing.assert_allclose(np.asarray(found), (b0 + double(b1)) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "lateral", "blocks", "beside"),
    [
        ("hourglass", "conv1x1", 13, 0),
        ("unet", "conv1x1", 9, 4),
        ("unet", "identity", 9, 0),
    ],
)
def test_an_hourglass_sums_its_sizes(bare, kind, lateral, blocks, beside):
    x = noise(1, 16, 16, 2)

    def wanted(x, depth):
        return x + double(wanted(half(x), depth - 1) if depth > 1 else half(x))

    found = topologies.topology(ops.convert_to_tensor(x), SDUConfig(topology=kind, lateral=lateral), "stack0")
    np.testing.assert_allclose(np.asarray(found), wanted(x, 4), rtol=1e-5)
    assert (bare["block"], bare["lateral"]) == (blocks, beside)


def transforms(mirrored=0.0, angle=0.0, scale=1.0, shift=(0.0, 0.0), count=2):
    drawn = (np.full(count, value, "float32") for value in (mirrored, angle, scale))
    return Transforms(*drawn, FLIP, np.tile(np.asarray(shift, "float32"), (count, 1)))


def test_mirroring_twice_changes_nothing():
    t = transforms(mirrored=1)
    images, points, maps = noise(2, 16, 16, 3), noise(2, 5, 2, low=2, high=13), noise(2, 1, 8, 8, 5)
    np.testing.assert_allclose(np.asarray(t.images(t.images(images))), images, atol=1e-5)
    np.testing.assert_allclose(np.asarray(t.points(t.points(points, 16), 16)), points, atol=1e-5)
    np.testing.assert_allclose(np.asarray(t.maps(t.maps(maps))), maps, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "tolerance"),
    [
        ({"mirrored": 1}, 1e-5),
        ({"angle": 90}, 1e-5),
        ({"mirrored": 1, "angle": -90}, 1e-5),
        ({"shift": (0.125, -0.0625)}, 1e-5),
        ({"mirrored": 1, "angle": 90, "shift": (-0.0625, 0.125)}, 1e-5),
        ({"angle": 17}, 0.065),
    ],
)
def test_maps_of_moved_points_are_the_moved_maps(change, tolerance):
    t = transforms(**change)
    points = noise(2, 5, 2, low=20, high=43)
    drawn, moved = (landmark_heatmaps(p, 32, sigma=2)[0] for p in (points, t.points(points, 64)))
    np.testing.assert_allclose(np.asarray(t.maps(drawn[:, None]))[:, 0], np.asarray(moved), atol=tolerance)


class Toy:
    """Maps that are weighted sums of the colors of two by two pixels, plus a picture that stays where it is."""

    face_loss, pair_loss = SDU.face_loss, SDU.pair_loss

    def __init__(self, weight, still=0.0, stacks=1, loss="paper"):
        self.config = SDUConfig(markup="5", size=16, coherence="mse", coherence_weight=weight, loss=loss)
        self.stacks = stacks
        kernel = noise(3, 5)
        self.kernel = ops.convert_to_tensor(kernel + kernel[:, list(FLIP)])
        self.still = still * noise(8, 8, 5, seed=3)

    def __call__(self, images, training=None):
        pooled = ops.average_pool(ops.cast(images, "float32"), 2, 2)
        return {"heatmaps": ops.stack(self.stacks * [ops.matmul(pooled, self.kernel) + self.still], 1)}


def incoherence(t, still=0.0):
    """L_p-p: what the weight of coherence changes."""
    y, x = np.mgrid[:16, :16] / 16
    images = np.stack([np.sin(3 * x + y), np.cos(2 * y - x), x * y], -1)[None].repeat(2, 0).astype("float32")
    points = noise(2, 5, 2, low=3, high=12)
    losses = []
    for weight in (1.0, 0.0):
        toy = Toy(weight, still)
        losses.append(np.asarray(toy.pair_loss(images, points, toy(images), t)))
    return np.abs(losses[0] - losses[1]).max()


def test_translation_moves_pictures_and_points_alike():
    t = transforms(shift=(0.25, -0.125))
    images, points = noise(2, 16, 16, 3), noise(2, 5, 2, low=4, high=9)
    np.testing.assert_allclose(np.asarray(t.images(images))[:, :14, 4:], images[:, 2:, :12], atol=1e-5)
    np.testing.assert_allclose(np.asarray(t.points(points, 16)), points + np.array([4, -2]), atol=1e-5)
    drawn = Transforms.draw(400, 0.5, (0, 0), (1, 1), FLIP, 3, (-0.1, 0.2))
    shift = np.asarray(drawn.shift)
    assert shift.shape == (400, 2) and -0.1 <= shift.min() < -0.08 and 0.18 < shift.max() <= 0.2
    assert SDUConfig(markup="68").pair_shift == (-0.05, 0.05)


def test_copies_of_turned_and_scaled_faces_keep_to_the_ranges():
    rng, shape = np.random.default_rng(0), get_markup("5").mean_shape * 60 + 63.5
    roll, size = rng.uniform(-40, 40, 400), rng.uniform(0.8, 1.2, 400)
    faces = np.array(Transforms(np.zeros(400), roll, size).points(shape[None].astype("float32"), 128))
    faces[:, 3] = np.nan
    pose = pose_of(faces, shape)
    np.testing.assert_allclose(pose[0], roll, atol=1e-2)
    np.testing.assert_allclose(pose[1], size, rtol=1e-4)
    ranges = {"rotation": (-40, 40), "scale": (0.8, 1.2)}
    share = {}
    for name, known in (("plain", None), ("bounded", pose)):
        drawn = Transforms.draw(400, 0.5, **ranges, flip=FLIP, seed=3, pose=known)
        turned, scaled = map(np.asarray, pose_of(np.asarray(drawn.points(faces, 128)), shape))
        far = (np.abs(turned) > 40.1) | (scaled < 0.799) | (scaled > 1.201)
        share[name] = far.mean()
        assert (np.asarray(drawn.mirrored) > 0).any()
    assert share["plain"] > 0.2 and share["bounded"] == 0
    unknown = pose_of(np.full((2, 5, 2), np.nan, "float32"), shape)
    np.testing.assert_array_equal(unknown, [[0, 0], [1, 1]])


@pytest.mark.parametrize("loss", ["paper", "mse", "code"])
def test_lambda_weighs_every_stack_alike(loss):
    """Equation 1: with as many equal stacks both terms grow alike. The code of 2019 takes the mean of coherence."""
    images, points, t = noise(2, 16, 16, 3), noise(2, 5, 2, low=3, high=12), transforms(mirrored=1)
    parts = {}
    for stacks in (1, 2):
        losses = []
        for weight in (1.0, 0.0):
            toy = Toy(weight, still=1.0, stacks=stacks, loss=loss)
            losses.append(np.asarray(toy.pair_loss(images, points, toy(images), t)))
        parts[stacks] = losses[0] - losses[1], losses[1]
    np.testing.assert_allclose(parts[2][1], 2 * parts[1][1], rtol=1e-5)
    np.testing.assert_allclose(parts[2][0], (1 if loss == "code" else 2) * parts[1][0], rtol=1e-3)
    assert SDUConfig(markup="68", loss=loss).resolved().coherence_weight == (1e-4 if loss == "code" else 1e-3)


def test_a_network_that_follows_the_picture_is_coherent():
    for change in ({"mirrored": 1}, {"angle": 90}, {"angle": 180}, {"mirrored": 1, "angle": -90}):
        assert incoherence(transforms(**change)) < 1e-8
        assert incoherence(transforms(**change), still=1.0) > 0.05
    assert incoherence(transforms(angle=10, scale=0.9)) < 2e-3 < incoherence(transforms(angle=10, scale=0.9), still=1.0)


def test_every_network_is_coherent_where_nothing_moves():
    assert incoherence(transforms(), still=1.0) < 1e-8


def test_without_weight_pairs_are_supervised_faces():
    images, points, t = noise(2, 16, 16, 3), noise(2, 5, 2, low=3, high=12), transforms(mirrored=1, angle=20)
    toy = Toy(0.0, still=1.0)
    supervised = toy.face_loss(t.points(points, 16), toy(t.images(images)))
    np.testing.assert_allclose(toy.pair_loss(images, points, toy(images), t), supervised, rtol=1e-6)


@pytest.mark.parametrize("sigmoid", [False, True])
@pytest.mark.parametrize("coherence", ["mse", "smooth_l1"])
def test_the_distance_of_a_pair_is_chosen_apart_from_the_loss_of_its_maps(coherence, sigmoid):
    model = SDU(
        markup="5",
        down=1,
        stacks=1,
        block="resnet",
        transformer="outside",
        multiplier=1 / 16,
        size=16,
        coherence=coherence,
        coherence_sigmoid=sigmoid,
        coherence_weight=2.0,
    )
    set_known_weights(model)
    twin = SDU.from_config(model.get_config())
    assert twin.config == model.config and twin.config.map_loss == "sigmoid_ce"
    images, points, t = crops(2, 16), noise(2, 5, 2, low=4, high=11), transforms(mirrored=1)
    out, copy = model(images), model(t.images(images))
    supervised = model.face_loss(t.points(points, 16), copy)
    found = np.asarray(model.pair_loss(images, points, out, t, training=False) - supervised)
    maps, mirrored = (ops.convert_to_numpy(o["heatmaps"]) for o in (copy, out))
    mirrored = mirrored[:, :, :, ::-1][..., list(FLIP)]
    if sigmoid:
        maps, mirrored = (1 / (1 + np.exp(-x)) for x in (maps, mirrored))
    error = np.abs(maps - mirrored)
    error = error**2 if coherence == "mse" else np.where(error < 1, error**2 / 2, error - 0.5)
    np.testing.assert_allclose(found, 2 * error.mean((1, 2, 3, 4)), rtol=1e-3)


@pytest.mark.parametrize("wrong", [{"coherence": "l2"}, {"coherence_sigmoid": True, "loss": "code"}])
def test_distances_that_there_are_not(wrong):
    with pytest.raises(ValueError, match=r"Received: (coherence='l2'|loss='code')"):
        SDU(markup="5", **wrong)


def test_windows_that_bend_are_plain_convolutions_to_begin_with():
    options = {"markup": "5", "topology": "hourglass", "down": 1, "block": "resnet", "multiplier": 1 / 16, "size": 16}
    model = SDU(transformer="inside", **options)
    plain = plain_network(model)
    bent = [layer for layer in model.layers if isinstance(layer, DeformConv2D)]
    assert len(bent) == 5 and not any(isinstance(layer, DeformConv2D) for layer in plain.layers)
    images = crops(2, 16)
    for training in (False, True):
        found, wanted = (ops.convert_to_numpy(m(images, training=training)["heatmaps"]) for m in (model, plain))
        largest = np.abs(wanted).max()
        assert largest > 0.1 and np.abs(found - wanted).max() < 1e-4 * largest
    bent[0].offset.bias.assign(np.full(18, 0.5))
    assert np.abs(ops.convert_to_numpy(model(images)["heatmaps"]) - plain(images)["heatmaps"]).max() > 1e-2


def plain_network(model):
    """A network with an ordinary convolution in the place of each deformable one, with the weights of the first."""

    def swapped(layer):
        if not isinstance(layer, DeformConv2D):
            return layer.__class__.from_config(layer.get_config())
        return keras.layers.Conv2D(layer.filters, layer.kernel_size, padding="same", name=layer.name)

    network = keras.models.clone_model(keras.Model(model.inputs, model.output), clone_function=swapped)
    for layer in network.layers:
        source = model.get_layer(layer.name)
        layer.set_weights([source.kernel, source.bias] if isinstance(source, DeformConv2D) else source.get_weights())
    return network


def test_both_sides_of_a_pair_are_taught():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients by tape")
    images, points, t = noise(2, 16, 16, 3), noise(2, 5, 2, low=3, high=12), transforms(mirrored=1)
    toy = Toy(1.0, still=1.0)
    maps = tf.constant(toy(images)["heatmaps"])
    gradients = []
    for weight in (1.0, 0.0):
        toy.config = toy.config.replace(coherence_weight=weight)
        with tf.GradientTape() as tape:
            tape.watch([maps, toy.kernel])
            loss = tf.reduce_sum(toy.pair_loss(images, points, {"heatmaps": maps}, t))
        gradients.append(tape.gradient(loss, [maps, toy.kernel]))
    (first, copy), (nothing, supervised) = gradients
    assert np.abs(first).max() > 1e-3 and np.abs(nothing).max() == 0
    assert np.abs(copy - supervised).max() > 1e-3


def test_maps_four_times_smaller_than_the_crop(tmp_path):
    model = SDU(
        markup="5",
        topology="hourglass",
        stacks=1,
        down=1,
        block="resnet",
        transformer="none",
        multiplier=1 / 32,
        size=32,
        stride=4,
        loss="mse",
        decode="soft",
    )
    set_known_weights(model)
    out = model(crops(2, 32))
    assert out["heatmaps"].shape == (2, 1, 8, 8, 5) and out["landmarks"].shape == (2, 5, 2)
    model.save(tmp_path / "wide.keras")
    twin = keras.models.load_model(tmp_path / "wide.keras")
    assert twin.get_config() == model.get_config() and twin.config.stride == 4
    for key, value in twin(crops(2, 32)).items():
        np.testing.assert_array_equal(value, out[key])
    # Maps drawn from landmarks have no loss, and are read as these landmarks.
    points = noise(2, 5, 2, low=12, high=20)
    maps = landmark_heatmaps(points, 8, 4)[0]
    right, wrong = (np.asarray(model.face_loss(p, {"heatmaps": maps[:, None]})) for p in (points, points + 4))
    assert right.max() < 1e-6 < 1e-3 < wrong.min()
    np.testing.assert_allclose(model.get_layer("decode")(maps)[0], points, atol=0.5)


def faces(count, size):
    """Crops with a blob of its own color at each of five landmarks."""
    rng = np.random.default_rng(0)
    shape = np.array([[10, 11], [21, 11], [16, 16], [11, 22], [20, 22]])
    landmarks = (shape + rng.uniform(-2, 2, (count, 5, 2)) + rng.uniform(-3, 3, (count, 1, 2))).astype("float32")
    y, x = np.mgrid[:size, :size]
    distance = (x - landmarks[..., None, None, 0]) ** 2 + (y - landmarks[..., None, None, 1]) ** 2
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]])
    images = np.einsum("bnhw,nc->bhwc", np.exp(-distance / 8), colors) + 30
    return images.clip(1, 255).astype("uint8"), landmarks


def test_a_small_network_learns_faces_by_heart_and_bends_its_windows():
    keras.utils.set_random_seed(0)
    model = SDU(
        markup="5",
        down=1,
        stacks=1,
        block="resnet",
        transformer="inside",
        deformable=2,
        decode="soft",
        multiplier=1 / 16,
        size=32,
    )
    images, landmarks = faces(8, 32)
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(images, landmarks, batch_size=8, epochs=70, verbose=0)
    found = model.evaluate(images, landmarks, batch_size=8, verbose=0, return_dict=True)
    assert found["nme"] < 5
    assert {name: offsets.shape for name, offsets in predict_offsets(model, images[:0]).items()} == {
        "stack0_features_deformable": (0, 16, 16, 1, 9, 2),
        "stack0_maps": (0, 16, 16, 1, 9, 2),
    }
    for name in ("stack0_features_deformable", "stack0_maps"):
        assert np.abs(np.asarray(model.get_layer(name).offset.kernel)).max() > 1e-3, name
